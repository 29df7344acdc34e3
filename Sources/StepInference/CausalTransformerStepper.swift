internal import CKernels
internal import Foundation
internal import TorchNN

/// One sequence that is read by `CausalTransformerSteps`: what the tokens before said is kept, so that each costs the same.
///
/// Several tokens at a time, such as those of a prompt, give the bits that one after another would.
public final class CausalTransformerStepper {
  private let network: CausalTransformerSteps
  private let instructions: StepInstructions
  /// Tokens that are read.
  public private(set) var count = 0

  private let width: Int
  private let size: Int
  /// Of the memory, rounded up to whole vectors.
  private let length: Int
  /// What the condition adds to every token.
  private let told: AlignedFloats
  /// Of each block, `[heads, size, length]`, and `[heads, length, size]`.
  private let keys: [AlignedFloats]
  private let values: [AlignedFloats]
  /// Of each block, the last token's normalised inputs: of attention, then of the layer.
  private let before: [AlignedFloats]

  // Of the tokens that are read at once.
  private let stream: AlignedFloats
  private let inputs: AlignedFloats
  private let wide: AlignedFloats
  private let wideStride: Int
  private let attended: AlignedFloats
  private let shares: AlignedFloats
  private let outputs: AlignedFloats

  /// Most tokens that are read at once.
  public static let mostAtOnce = 32

  /// - Parameter global: `Conditioning.global` of the sequence.
  public init(_ network: CausalTransformerSteps, global: [Float], instructions: StepInstructions = .best) {
    self.network = network
    self.instructions = instructions
    let c = network.configuration
    precondition(global.count == c.condition, "\(global.count) numbers, where \(c.condition) are told")
    width = c.width
    size = c.width / c.heads
    length = AlignedFloats.rounded(c.length)
    told = AlignedFloats(count: network.told.roundedOutputs)
    let memory = c.width * length
    keys = network.blocks.map { _ in AlignedFloats(count: memory) }
    values = network.blocks.map { _ in AlignedFloats(count: memory) }
    before = network.blocks.map { _ in AlignedFloats(count: 2 * c.width) }
    let rows = Self.mostAtOnce
    stream = AlignedFloats(count: rows * c.width)
    inputs = AlignedFloats(count: rows * c.width)
    wideStride = max(3 * c.width, c.hidden)
    wide = AlignedFloats(count: rows * wideStride)
    attended = AlignedFloats(count: rows * c.width)
    shares = AlignedFloats(count: length)
    outputs = AlignedFloats(count: rows * network.output.roundedOutputs)
    let given = AlignedFloats(global)
    withExtendedLifetime(given) {
      network.told.apply(
        given.address, stride: 0, to: told.address, stride: 0, streams: 1, instructions: instructions)
    }
  }

  /// Tokens that can still be read.
  public var room: Int { network.configuration.length - count }

  /// Reads tokens.
  /// - Precondition: there is room for them, and they are at most `mostAtOnce`.
  public func read(_ tokens: [Int]) {
    precondition(
      (1...min(room, Self.mostAtOnce)).contains(tokens.count), "\(tokens.count) tokens, room for \(room)")
    for (row, token) in tokens.enumerated() {
      precondition((0..<network.configuration.vocabulary).contains(token), "token \(token)")
      let (from, to) = (network.tokens.address + token * width, stream.address + row * width)
      for index in 0..<width { to[index] = from[index] + told.address[index] }
    }
    let rows = tokens.count
    for (index, block) in network.blocks.enumerated() {
      normalize(rows, block.norm1, before[index].address)
      block.qkv.apply(
        inputs.address, stride: width, to: wide.address, stride: wideStride, streams: rows,
        instructions: instructions)
      attend(rows, keys[index].address, values[index].address)
      block.out.add(
        attended.address, stride: width, to: stream.address, stride: width, streams: rows,
        instructions: instructions)
      normalize(rows, block.norm2, before[index].address + width)
      block.fc1.apply(
        inputs.address, stride: width, to: wide.address, stride: wideStride, streams: rows,
        instructions: instructions)
      for row in 0..<rows {
        ckernels_step_square_above_zero(
          instructions.version, wide.address + row * wideStride, network.configuration.hidden)
      }
      block.fc2.add(
        wide.address, stride: wideStride, to: stream.address, stride: width, streams: rows,
        instructions: instructions)
    }
    count += rows
    normalize(rows, network.norm, nil)
    lastRows = rows
  }

  private var lastRows = 0

  /// What the scores are made of, of each token that was read last: D numbers.
  public func states() -> [[Float]] {
    (0..<lastRows).map { Array(UnsafeBufferPointer(start: inputs.address + $0 * width, count: width)) }
  }

  /// Scores of what follows each of the last tokens that were read.
  /// - Parameter rows: how many of them, from the end.
  /// - Returns: `[rows]` of `outputs` numbers; valid until the next call.
  public func scores(last rows: Int = 1) -> [UnsafeBufferPointer<Float>] {
    precondition((1...lastRows).contains(rows), "\(rows) of \(lastRows) rows")
    let stride = network.output.roundedOutputs
    network.output.apply(
      inputs.address + (lastRows - rows) * width, stride: width, to: outputs.address, stride: stride,
      streams: rows,
      instructions: instructions)
    return (0..<rows).map {
      UnsafeBufferPointer(start: outputs.address + $0 * stride, count: network.configuration.outputs)
    }
  }

  /// Forgets all tokens.
  public func restart() {
    count = 0
    lastRows = 0
    for memory in before { memory.address.update(repeating: 0, count: memory.count) }
  }

  /// A place that can be gone back to.
  public struct Mark {
    fileprivate let count: Int
    fileprivate let before: [[Float]]
    fileprivate let last: [Float]
  }

  /// - Precondition: a token is read.
  public var mark: Mark {
    precondition(lastRows > 0, "nothing is read")
    return Mark(
      count: count, before: before.map { Array(UnsafeBufferPointer(start: $0.address, count: $0.count)) },
      last: Array(UnsafeBufferPointer(start: inputs.address + (lastRows - 1) * width, count: width)))
  }

  /// Forgets what was read since a mark.
  /// - Precondition: there was no `restart` since.
  public func rewind(to mark: Mark) {
    precondition(mark.count <= count)
    count = mark.count
    lastRows = 1
    inputs.address.update(from: mark.last, count: width)
    for (memory, kept) in zip(before, mark.before) { memory.address.update(from: kept, count: kept.count) }
  }

  /// Normalises the stream into `inputs`, and adds the token before's share.
  /// - Parameter before: the normalised input before the first row, which the last one takes the place of.
  private func normalize(
    _ rows: Int, _ norm: CausalTransformerSteps.Norm, _ before: UnsafeMutablePointer<Float>?
  ) {
    for row in 0..<rows {
      ckernels_step_normalize(
        instructions.version, stream.address + row * width, norm.weight.address, norm.bias.address, 1e-5,
        inputs.address + row * width, width)
    }
    guard let before, let share = norm.share?.address else { return }
    // From the last to the first, so that each finds the one before as it was.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { last in
      for index in 0..<width { last[index] = inputs.address[(rows - 1) * width + index] }
      for row in stride(from: rows - 1, through: 0, by: -1) {
        let here = inputs.address + row * width
        let previous = row > 0 ? here - width : before
        for index in 0..<width { here[index] += previous[index] * share[index] }
      }
      for index in 0..<width { before[index] = last[index] }
    }
  }

  /// From queries, keys and values in `wide` to `attended`.
  private func attend(_ rows: Int, _ keys: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>)
  {
    let factor = 1 / Float(size).squareRoot()
    for row in 0..<rows {
      let place = count + row
      for head in 0..<network.configuration.heads {
        let query = wide.address + row * wideStride + head * size
        let (key, value) = (query + width, query + 2 * width)
        turn(query, place)
        turn(key, place)
        let (ownKeys, ownValues) = (keys + head * size * length, values + head * size * length)
        for index in 0..<size { ownKeys[index * length + place] = key[index] }
        (ownValues + place * size).update(from: value, count: size)
        ckernels_step_attention(
          instructions.version, query, ownKeys, ownValues, size, length, place + 1, factor, shares.address,
          attended.address + row * width + head * size)
      }
    }
  }

  private func turn(_ x: UnsafeMutablePointer<Float>, _ place: Int) {
    let half = size / 2
    network.positions.cosines.withUnsafeBufferPointer { cosines in
      network.positions.sines.withUnsafeBufferPointer { sines in
        for pair in 0..<half {
          let (c, s) = (cosines[place * half + pair], sines[place * half + pair])
          let (a, b) = (x[pair], x[pair + half])
          (x[pair], x[pair + half]) = (a * c - b * s, b * c + a * s)
        }
      }
    }
  }
}
