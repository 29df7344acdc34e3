internal import CKernels
public import Torch
public import TorchNN

/// A `CausalPatchNetwork` that goes pixel after pixel: the same function, from weights that are packed once.
public final class CausalPatchSteps: Sendable {
  struct Block {
    let conv: StepLinear
    let out: StepLinear
    /// `[2 C, K]`.
    let label: StepLinear
  }

  /// What one of a patch's four pixels has of its own.
  struct Head {
    let near: StepLinear
    let middle: StepLinear
    let last: StepLinear
  }

  let configuration: CausalPatchNetwork.Configuration
  let first: StepLinear
  /// `[H, W, C]`.
  let position: [Float]
  let blocks: [Block]
  let context: StepLinear
  let heads: [Head]

  static let (firstRows, firstReach) = (3, 4)
  static let features = 2 * CausalPatchNetwork.pixels

  /// Reads the weights; later changes of the module are not seen.
  public init(_ network: CausalPatchNetwork) throws {
    let c = network.configuration
    configuration = c
    (first, position, blocks, context, heads) = try Autograd.disabled {
      let blocks = try network.body.map { block in
        Block(
          conv: try Self.taps(block.conv, here: true),
          out: try StepLinear(
            block.out.weight.value.reshaped([c.channels, c.channels]), bias: block.out.bias?.value),
          label: try StepLinear(block.label.weight.value, bias: nil))
      }
      let near = try Self.tapMatrix(network.near, here: true)
      let heads = try (0..<CausalPatchNetwork.pixels).map { pixel in
        func own(_ tensor: Tensor, _ rows: Int) throws -> Tensor {
          try tensor.narrow(0, start: pixel * rows, length: rows)
        }
        return Head(
          near: try StepLinear(own(near, c.head), bias: nil),
          middle: try StepLinear(
            own(network.middle.value, c.head).reshaped([c.head, c.head]),
            bias: own(network.middleBias.value, c.head)),
          last: try StepLinear(
            own(network.last.value, c.outputs).reshaped([c.outputs, c.head]),
            bias: own(network.lastBias.value, c.outputs)))
      }
      return (
        try Self.taps(network.first, here: false),
        try network.position.value.permuted([1, 2, 0]).contiguous().floats(), blocks,
        try StepLinear(
          network.context.weight.value.reshaped([4 * c.head, c.channels]), bias: network.context.bias?.value),
        heads
      )
    }
  }

  private static func taps(_ convolution: CausalConv2d, here: Bool) throws -> StepLinear {
    try StepLinear(tapMatrix(convolution, here: here), bias: convolution.bias?.value)
  }

  /// `[D, taps · C]`: the rows above from left to right, then the same row up to this place or the one before.
  private static func tapMatrix(_ convolution: CausalConv2d, here: Bool) throws -> Tensor {
    let weight = try convolution.masked.permuted([0, 2, 3, 1]).contiguous()
    let (d, c) = (weight.shape[0], weight.shape[3])
    let above = try weight.narrow(1, start: 0, length: convolution.rows).reshaped([d, -1])
    let length = convolution.reach + (here ? 1 : 0)
    let same = try weight.select(1, convolution.rows).narrow(1, start: 0, length: length).reshaped([
      d, length * c,
    ])
    return try Tensor.cat([above, same], axis: 1)
  }
}

/// Several pictures that are drawn side by side by `CausalPatchSteps`.
public final class CausalPatchStepper {
  private let network: CausalPatchSteps
  private let streams: Int
  private let instructions: StepInstructions
  /// The next pixel's patch, and its place inside it.
  private var (row, column, pixel) = (0, 0, 0)

  /// Grids of one stream with what lies outside as zeros.
  private struct Grid {
    let memory: StepMemory
    let rowsAbove: Int
    let reach: Int
    let channels: Int
    let width: Int
    let perStream: Int

    init(streams: Int, height: Int, width: Int, rowsAbove: Int, reach: Int, channels: Int) {
      (self.rowsAbove, self.reach, self.channels) = (rowsAbove, reach, channels)
      self.width = width + 2 * reach
      perStream = StepMemory.rounded((height + rowsAbove) * self.width * channels)
      memory = StepMemory(count: streams * perStream)
    }

    func address(_ stream: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
      memory.address + stream * perStream + ((row + rowsAbove) * width + column + reach) * channels
    }

    /// Copies what a place sees, and returns its length.
    @discardableResult
    func gather(
      _ stream: Int, _ row: Int, _ column: Int, here: Bool, rows: Int, reach: Int,
      into x: UnsafeMutablePointer<Float>
    ) -> Int {
      var end = x
      for above in stride(from: rows, to: 0, by: -1) {
        let count = (2 * reach + 1) * channels
        end.update(from: address(stream, row - above, column - reach), count: count)
        end += count
      }
      let count = (reach + (here ? 1 : 0)) * channels
      end.update(from: address(stream, row, column - reach), count: count)
      return end + count - x
    }
  }

  private let features: Grid
  private let layers: [Grid]
  /// Of each block, `[streams, 2 C]`.
  private let labels: [StepMemory]
  private let input: StepMemory
  private let inputStride: Int
  private let gates: StepMemory
  private let gateStride: Int
  private let gated: StepMemory
  private let stream: StepMemory
  private let width: Int
  private let contexts: StepMemory
  private let contextStride: Int
  private let hidden: StepMemory
  private let deeper: StepMemory
  private let headStride: Int
  private let outputs: StepMemory
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
    features = Grid(
      streams: count, height: c.height, width: c.width, rowsAbove: CausalPatchSteps.firstRows,
      reach: CausalPatchSteps.firstReach, channels: CausalPatchSteps.features)
    layers = network.blocks.map { _ in
      Grid(
        streams: count, height: c.height, width: c.width, rowsAbove: c.rows, reach: c.reach,
        channels: c.channels)
    }
    // The gates read whole vectors of both halves.
    gateStride = StepMemory.rounded(c.channels + StepMemory.rounded(c.channels))
    let given = StepMemory(globals.flatMap { $0 })
    labels = network.blocks.map { [gateStride] block in
      let memory = StepMemory(count: count * gateStride)
      block.label.apply(
        given.address, stride: c.condition, to: memory.address, stride: gateStride, streams: count,
        instructions: instructions)
      return memory
    }
    inputStride = StepMemory.rounded(
      max(network.first.inputs, network.blocks.map(\.conv.inputs).max() ?? 0, network.heads[0].near.inputs))
    input = StepMemory(count: count * inputStride)
    gates = StepMemory(count: count * gateStride)
    width = StepMemory.rounded(c.channels)
    gated = StepMemory(count: count * width)
    stream = StepMemory(count: count * width)
    contextStride = StepMemory.rounded(CausalPatchNetwork.pixels * c.head)
    contexts = StepMemory(count: count * contextStride)
    headStride = StepMemory.rounded(c.head)
    hidden = StepMemory(count: count * headStride)
    deeper = StepMemory(count: count * headStride)
    outputStride = StepMemory.rounded(c.outputs)
    outputs = StepMemory(count: count * outputStride)
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
    func copy(_ memory: StepMemory, _ stride: Int) {
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

  private func rectify(_ memory: StepMemory, _ count: Int) {
    for s in 0..<streams {
      let values = memory.address + s * headStride
      for unit in 0..<count { values[unit] = max(0, values[unit]) }
    }
  }
}
