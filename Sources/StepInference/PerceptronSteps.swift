internal import CKernels
public import TorchNN

/// A `ResidualPerceptron` for one row at a time, from weights that are packed once: the same function without libtorch,
/// in microseconds.
public final class PerceptronSteps: Sendable {
  /// What the network makes of a condition, once for all evaluations that are told it.
  public struct Told: Sendable {
    let start: AlignedFloats
    /// Scales and shifts of all blocks.
    let film: AlignedFloats
  }

  /// What it makes of a time.
  public struct Moment: Sendable {
    let film: AlignedFloats
  }

  public let configuration: ResidualPerceptron.Configuration
  private let input: StepLinear?
  private let condition1: StepLinear
  private let condition2: StepLinear
  private let start: StepLinear
  private let time1: StepLinear?
  private let time2: StepLinear?
  /// Of all blocks, one after another.
  private let told: StepLinear
  private let time: StepLinear?
  private let blocks: [(linear1: StepLinear, linear2: StepLinear)]
  /// Of each block, where there are tokens.
  private let attention: [(qkv: StepLinear, out: StepLinear)]
  private let attend: StepAttention?
  /// Of all tokens, one after another.
  private let position: AlignedFloats?
  private let tokens: Int
  private let output: StepLinear
  private let instructions: StepInstructions
  private let width: Int

  /// - Precondition: the configuration is plausible.
  /// - Parameter prefix: of the weights' names.
  /// - Throws: `TensorError` for weights of another network.
  public init(
    _ c: ResidualPerceptron.Configuration, weights: HostWeights, prefix: String = "",
    instructions: StepInstructions = .best
  ) throws {
    precondition(c.isPlausible, "\(c)")
    configuration = c
    self.instructions = instructions
    let (width, e) = (c.width, c.embedding)
    self.width = AlignedFloats.rounded(width)
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws -> StepLinear {
      StepLinear(
        try weights("\(prefix)\(name).weight", [outputs, inputs]), inputs: inputs, outputs: outputs,
        bias: try weights("\(prefix)\(name).bias", [outputs]))
    }
    tokens = c.tokens ?? 1
    input = c.inputs > 0 ? try linear("input", c.inputs / tokens, width) : nil
    position = try c.tokens.map { AlignedFloats(try weights("\(prefix)position", [$0, width])) }
    attend = c.tokens.map { StepAttention(tokens: $0, heads: c.heads ?? 1, size: width / (c.heads ?? 1)) }
    condition1 = try linear("condition1", c.condition, width)
    condition2 = try linear("condition2", width, e)
    start = try linear("start", e, width)
    time1 = c.hasTime ? try linear("time1", e, e) : nil
    time2 = c.hasTime ? try linear("time2", e, e) : nil
    // Each block's scales, and its shifts, begin on a whole vector.
    func film(_ name: String, hasBias: Bool) throws -> StepLinear {
      let rounded = AlignedFloats.rounded(width)
      var (values, bias): ([Float], [Float]) = ([], [])
      for block in 0..<c.blocks {
        let weight = try weights("\(prefix)blocks.\(block).\(name).weight", [2 * width, e])
        let shift =
          hasBias
          ? try weights("\(prefix)blocks.\(block).\(name).bias", [2 * width])
          : [Float](repeating: 0, count: 2 * width)
        for half in 0..<2 {
          values += weight[half * width * e..<(half + 1) * width * e]
          bias += shift[half * width..<(half + 1) * width]
          values += [Float](repeating: 0, count: (rounded - width) * e)
          bias += [Float](repeating: 0, count: rounded - width)
        }
      }
      return StepLinear(values, inputs: e, outputs: bias.count, bias: bias)
    }
    told = try film("told", hasBias: true)
    time = c.hasTime ? try film("time", hasBias: false) : nil
    blocks = try (0..<c.blocks).map {
      (
        linear1: try linear("blocks.\($0).linear1", width, width),
        linear2: try linear("blocks.\($0).linear2", width, width)
      )
    }
    attention = try (0..<(c.tokens == nil ? 0 : c.blocks)).map {
      (
        qkv: try linear("blocks.\($0).attention.qkv", width, 3 * width),
        out: try linear("blocks.\($0).attention.out", width, width)
      )
    }
    output = try linear("output", width, c.outputs / tokens)
  }

  /// - Parameter condition: of y.
  public func told(_ condition: [Float]) -> Told {
    precondition(condition.count == configuration.condition)
    let known = activated(condition2, activated(condition1, AlignedFloats(condition)))
    return Told(start: applied(start, known), film: applied(told, known))
  }

  /// - Parameter time: about −2…2.
  public func moment(_ time: Float) -> Moment {
    guard let time1, let time2, let film = self.time else {
      preconditionFailure("a network that is told no time")
    }
    let waves = AlignedFloats(TimeWaves(configuration.embedding)(time))
    return Moment(film: applied(film, activated(time2, activated(time1, waves))))
  }

  /// - Parameters:
  ///   - x: as many numbers as the network has inputs, token after token.
  ///   - moment: for a network that is told the time.
  /// - Returns: its outputs, likewise.
  public func callAsFunction(_ x: [Float] = [], told: Told, moment: Moment? = nil) -> [Float] {
    precondition(x.count == configuration.inputs && (moment == nil) == (time == nil))
    let hidden = start(x, told)
    let scaled = AlignedFloats(count: tokens * width)
    let between = AlignedFloats(count: tokens * max(width, attention.first?.qkv.roundedOutputs ?? 0))
    for (index, block) in blocks.enumerated() {
      if let attend {
        let (qkv, out) = attention[index]
        normalize(hidden, into: scaled)
        let stride = qkv.roundedOutputs
        qkv.apply(
          scaled.address, stride: width, to: between.address, stride: stride, streams: tokens,
          instructions: instructions)
        attend(between.address, stride: stride, to: scaled.address, stride: width)
        out.add(
          scaled.address, stride: width, to: hidden.address, stride: width, streams: tokens,
          instructions: instructions)
      }
      normalize(hidden, into: scaled)
      modulate(
        scaled, told.film.address + 2 * index * width, moment.map { $0.film.address + 2 * index * width })
      block.linear1.apply(
        scaled.address, stride: width, to: between.address, stride: width, streams: tokens,
        instructions: instructions)
      ckernels_step_silu(instructions.version, between.address, tokens * width)
      block.linear2.add(
        between.address, stride: width, to: hidden.address, stride: width, streams: tokens,
        instructions: instructions)
    }
    normalize(hidden, into: scaled)
    let stride = output.roundedOutputs
    let result = AlignedFloats(count: tokens * stride)
    output.apply(
      scaled.address, stride: width, to: result.address, stride: stride, streams: tokens,
      instructions: instructions)
    let size = configuration.outputs / tokens
    return (0..<tokens).flatMap { UnsafeBufferPointer(start: result.address + $0 * stride, count: size) }
  }

  /// What the blocks begin with, of all tokens.
  private func start(_ x: [Float], _ told: Told) -> AlignedFloats {
    let hidden = AlignedFloats(count: tokens * width)
    for token in 0..<tokens {
      let row = hidden.address + token * width
      for index in 0..<configuration.width {
        row[index] =
          told.start.address[index]
          + (position.map { $0.address[token * configuration.width + index] } ?? 0)
      }
    }
    guard let input else { return hidden }
    let size = x.count / tokens
    let stride = AlignedFloats.rounded(size)
    let given = AlignedFloats(count: tokens * stride)
    for index in x.indices { given.address[index / size * stride + index % size] = x[index] }
    input.add(
      given.address, stride: stride, to: hidden.address, stride: width, streams: tokens,
      instructions: instructions)
    return hidden
  }

  /// Scales and shifts every token by what a block makes of the condition, and of the time.
  private func modulate(
    _ x: AlignedFloats, _ film: UnsafePointer<Float>, _ other: UnsafePointer<Float>?
  ) {
    for token in 0..<tokens {
      let row = x.address + token * width
      if let other {
        for i in 0..<width {
          row[i] = row[i] * (1 + film[i] + other[i]) + (film[width + i] + other[width + i])
        }
      } else {
        for i in 0..<width { row[i] = row[i] * (1 + film[i]) + film[width + i] }
      }
    }
  }

  private func normalize(_ x: AlignedFloats, into y: AlignedFloats) {
    for token in 0..<tokens {
      let (from, to) = (x.address + token * width, y.address + token * width)
      // Sixteen sums, so that additions do not wait for one another; what lies beyond the width is zero.
      var squares = SIMD16<Float>()
      let vectors = UnsafeRawPointer(from).assumingMemoryBound(to: SIMD16<Float>.self)
      for index in 0..<width / 16 { squares += vectors[index] * vectors[index] }
      let mean = squares.sum() / Float(configuration.width)
      let factor = 1 / (mean + Float(ResidualPerceptron.epsilon)).squareRoot()
      for index in 0..<width { to[index] = from[index] * factor }
    }
  }

  private func applied(_ layer: StepLinear, _ x: AlignedFloats) -> AlignedFloats {
    let y = AlignedFloats(count: layer.roundedOutputs)
    layer.apply(x.address, stride: 0, to: y.address, stride: 0, streams: 1, instructions: instructions)
    return y
  }

  private func activated(_ layer: StepLinear, _ x: AlignedFloats) -> AlignedFloats {
    let y = applied(layer, x)
    ckernels_step_silu(instructions.version, y.address, y.count)
    return y
  }
}
