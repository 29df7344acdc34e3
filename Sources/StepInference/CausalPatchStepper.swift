internal import CKernels
internal import Torch
internal import TorchNN

/// Several pictures that are drawn side by side by `CausalPatchSteps`.
public final class CausalPatchStepper {
  private let network: CausalPatchSteps
  private let streams: Int
  private let instructions: StepInstructions
  /// The next pixel's patch, and its place inside it.
  private var (row, column, pixel) = (0, 0, 0)

  private let features: StepGrid
  private let layers: [StepGrid]
  /// Of each block, `[streams, 2 C]`.
  private let labels: [AlignedFloats]
  private let input: AlignedFloats
  private let inputStride: Int
  private let gates: AlignedFloats
  private let gateStride: Int
  private let gated: AlignedFloats
  private let stream: AlignedFloats
  private let width: Int
  private let contexts: AlignedFloats
  private let contextStride: Int
  private let hidden: AlignedFloats
  private let deeper: AlignedFloats
  private let headStride: Int
  private let outputs: AlignedFloats
  private let outputStride: Int

  /// - Parameter globals: `Conditioning.global` of each stream.
  public init(
    _ network: CausalPatchSteps, globals: [[Float]], instructions: StepInstructions = .best
  ) {
    self.network = network
    self.instructions = instructions
    streams = globals.count
    let c = network.configuration
    let count = globals.count
    features = StepGrid(
      streams: count, height: c.height, width: c.width, rowsAbove: CausalPatchSteps.firstRows,
      reach: CausalPatchSteps.firstReach, channels: CausalPatchSteps.features)
    layers = network.blocks.map { _ in
      StepGrid(
        streams: count, height: c.height, width: c.width, rowsAbove: c.rows, reach: c.reach,
        channels: c.channels)
    }
    // The gates read whole vectors of both halves.
    gateStride = AlignedFloats.rounded(c.channels + AlignedFloats.rounded(c.channels))
    let given = AlignedFloats(globals.flatMap { $0 })
    labels = network.blocks.map { [gateStride] block in
      let memory = AlignedFloats(count: count * gateStride)
      block.label.apply(
        given.address, stride: c.condition, to: memory.address, stride: gateStride, streams: count,
        instructions: instructions)
      return memory
    }
    inputStride = AlignedFloats.rounded(
      max(network.first.inputs, network.blocks.map(\.conv.inputs).max() ?? 0, network.heads[0].near.inputs))
    input = AlignedFloats(count: count * inputStride)
    gates = AlignedFloats(count: count * gateStride)
    width = AlignedFloats.rounded(c.channels)
    gated = AlignedFloats(count: count * width)
    stream = AlignedFloats(count: count * width)
    contextStride = AlignedFloats.rounded(CausalPatchNetwork.pixels * c.head)
    contexts = AlignedFloats(count: count * contextStride)
    headStride = AlignedFloats.rounded(c.head)
    hidden = AlignedFloats(count: count * headStride)
    deeper = AlignedFloats(count: count * headStride)
    outputStride = AlignedFloats.rounded(c.outputs)
    outputs = AlignedFloats(count: count * outputStride)
    begin()
  }

  /// Pixels that are drawn already.
  public var isAtEnd: Bool { row == network.configuration.height }

  /// Row and column of the next pixel.
  public var place: (row: Int, column: Int) {
    (row * CausalPatchNetwork.patch + pixel / 2, column * CausalPatchNetwork.patch + pixel % 2)
  }

  /// Parameters of the next pixel's distribution, for one stream; valid until `advance`.
  public func parameters(_ stream: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: outputs.address + stream * outputStride, count: network.configuration.outputs)
  }

  /// Goes on to the pixel after the next one.
  /// - Parameter levels: the pixel's level, 0…255, in each stream.
  public func advance(_ levels: [Int]) {
    for stream in 0..<streams {
      let target = features.address(stream, row, column) + 2 * pixel
      target[0] = Float(levels[stream]) / 127.5 - 1
      target[1] = levels[stream] == 0 ? 1 : 0
    }
    pixel += 1
    if pixel == CausalPatchNetwork.pixels {
      pixel = 0
      column += 1
      if column == network.configuration.width { (row, column) = (row + 1, 0) }
      if !isAtEnd { begin() }
    } else {
      head()
    }
  }

  /// Makes `to` a copy of `from`.
  public func copy(from: Int, to: Int) {
    guard from != to else { return }
    func copy(_ memory: AlignedFloats, _ stride: Int) {
      (memory.address + to * stride).update(from: memory.address + from * stride, count: stride)
    }
    copy(features.memory, features.perStream)
    for layer in layers { copy(layer.memory, layer.perStream) }
    for label in labels { copy(label, gateStride) }
    copy(contexts, contextStride)
    copy(outputs, outputStride)
  }

  /// The trunk of a new patch, and the head of its first pixel.
  private func begin() {
    let c = network.configuration
    for s in 0..<streams {
      features.gather(
        s, row, column, here: false, rows: CausalPatchSteps.firstRows, reach: CausalPatchSteps.firstReach,
        into: input.address + s * inputStride)
    }
    network.first.apply(
      input.address, stride: inputStride, to: stream.address, stride: width, streams: streams,
      instructions: instructions)
    network.position.withUnsafeBufferPointer { position in
      let usual = position.baseAddress! + (row * c.width + column) * c.channels
      for s in 0..<streams {
        let target = stream.address + s * width
        for channel in 0..<c.channels { target[channel] += usual[channel] }
      }
    }
    for (index, block) in network.blocks.enumerated() {
      for s in 0..<streams {
        layers[index].address(s, row, column).update(from: stream.address + s * width, count: c.channels)
        layers[index].gather(
          s, row, column, here: true, rows: c.rows, reach: c.reach, into: input.address + s * inputStride)
      }
      block.conv.apply(
        input.address, stride: inputStride, to: gates.address, stride: gateStride, streams: streams,
        instructions: instructions)
      for s in 0..<streams {
        let both = gates.address + s * gateStride
        let label = labels[index].address + s * gateStride
        for channel in 0..<2 * c.channels { both[channel] += label[channel] }
        ckernels_step_gates(instructions.version, both, both + c.channels, gated.address + s * width, width)
      }
      // The block's bias comes with its product.
      block.out.add(
        gated.address, stride: width, to: stream.address, stride: width, streams: streams,
        instructions: instructions)
    }
    network.context.apply(
      stream.address, stride: width, to: contexts.address, stride: contextStride, streams: streams,
      instructions: instructions)
    head()
  }

  /// The distribution of the next pixel of the patch.
  private func head() {
    let c = network.configuration
    let head = network.heads[pixel]
    for s in 0..<streams {
      features.gather(s, row, column, here: true, rows: 1, reach: 1, into: input.address + s * inputStride)
      (hidden.address + s * headStride).update(
        from: contexts.address + s * contextStride + pixel * c.head, count: c.head)
    }
    head.near.apply(
      input.address, stride: inputStride, to: hidden.address, stride: headStride, streams: streams,
      adds: true,
      instructions: instructions)
    rectify(hidden, c.head)
    head.middle.apply(
      hidden.address, stride: headStride, to: deeper.address, stride: headStride, streams: streams,
      instructions: instructions)
    rectify(deeper, c.head)
    for s in 0..<streams {
      let (target, more) = (hidden.address + s * headStride, deeper.address + s * headStride)
      for unit in 0..<c.head { target[unit] += more[unit] }
    }
    head.last.apply(
      hidden.address, stride: headStride, to: outputs.address, stride: outputStride, streams: streams,
      instructions: instructions)
  }

  private func rectify(_ memory: AlignedFloats, _ count: Int) {
    for s in 0..<streams {
      let values = memory.address + s * headStride
      for unit in 0..<count { values[unit] = max(0, values[unit]) }
    }
  }
}
