public import Torch

/// Two layers behind a normalisation that is scaled and shifted by what the network is told, added to what comes in
/// (Peebles & Xie 2023, "Scalable diffusion models with transformers", section 3.2, adaLN-Zero without attention).
public final class PerceptronBlock: Module {
  /// Scale and shift by the condition, `[2 W, E]`, and by the time; the latter only where there is one.
  public let told: Linear
  public let time: Linear?
  /// Where there are tokens.
  public let attention: TokenAttention?
  public let linear1: Linear
  public let linear2: Linear

  init(_ c: ResidualPerceptron.Configuration) throws {
    let (width, embedding, hasTime) = (c.width, c.embedding, c.hasTime)
    attention = try c.tokens.map { try TokenAttention(width: width, tokens: $0, heads: c.heads ?? 1) }
    told = try Linear(embedding, 2 * width)
    time = hasTime ? try Linear(embedding, 2 * width, hasBias: false) : nil
    linear1 = try Linear(width, width)
    linear2 = try Linear(width, width, isZero: true)
  }

  /// - Parameters:
  ///   - given: `[N · tokens, W]`, a row's tokens one after another; one where there are none.
  ///   - condition: `[N, E]`.
  ///   - moment: `[N, E]`, for a network that is told the time.
  func callAsFunction(_ given: Tensor, _ condition: Tensor, _ moment: Tensor?) throws -> Tensor {
    var film = try told(condition)
    if let time, let moment { film = try film + time(moment) }
    let (rows, width) = (given.shape[0], given.shape[1])
    var x = given
    if let attention {
      x = try attention(x)
      film = try film.repeatInterleave(rows / film.shape[0], axis: 0)
    }
    let (scale, shift) = (
      try film.narrow(1, start: 0, length: width), try film.narrow(1, start: width, length: width)
    )
    let hidden = try linear1(ResidualPerceptron.normalized(x) * (scale + 1) + shift).silu()
    return try x + linear2(hidden)
  }
}

/// A network over one short vector: residual blocks of full layers. Small and without any structure of x, it is what
/// answers within microseconds; what x is given may be nothing, and what it is told a vector and a time.
///
/// h = input(x) + start(c); for every block h += linear2(silu(linear1(norm(h) · (1 + scale) + shift))); output(norm(h)).
/// norm divides by the root of the mean square, c = silu(condition2(silu(condition1(y)))), and likewise the time's waves.
/// The scales of time and condition are added, so that those of a sampler's few times are known beforehand.
///
/// With tokens x is a sequence in time instead, such as the actions of a chunk: each token goes through the same layers, is
/// told its place, and every block begins with attention among the tokens of a row. That is a transformer.
public final class ResidualPerceptron: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Of x; 0 for none.
    public var inputs: Int
    /// Of y.
    public var condition: Int
    public var outputs: Int
    /// W.
    public var width: Int
    public var blocks: Int
    /// E, of what the blocks are told; even.
    public var embedding: Int
    public var hasTime: Bool
    /// Parts of x, and of what comes out, that attend to one another: a divisor of `inputs` and of `outputs`; nil for none.
    public var tokens: Int?
    /// Of that attention, set with `tokens` alone; each is a multiple of 16 wide.
    public var heads: Int?

    public init(
      inputs: Int, condition: Int, outputs: Int, width: Int, blocks: Int, embedding: Int, hasTime: Bool,
      tokens: Int? = nil, heads: Int? = nil
    ) {
      (self.inputs, self.condition, self.outputs) = (inputs, condition, outputs)
      (self.width, self.blocks, self.embedding, self.hasTime) = (width, blocks, embedding, hasTime)
      (self.tokens, self.heads) = (tokens, heads)
    }

    /// Whether it can be a network, and one that memory can be taken for.
    public var isPlausible: Bool {
      (0...100_000).contains(inputs) && (1...100_000).contains(condition) && (1...100_000).contains(outputs)
        && (1...4096).contains(width) && (1...64).contains(blocks) && (2...4096).contains(embedding)
        && embedding % 2 == 0 && parameters <= 1 << 28 && hasPlausibleTokens
    }

    private var hasPlausibleTokens: Bool {
      guard let tokens, let heads else { return tokens == nil && heads == nil }
      // Whole vectors a head, for engines.
      return (1...1024).contains(tokens) && inputs >= tokens && inputs % tokens == 0 && outputs % tokens == 0
        && (1...256).contains(heads) && width % (16 * heads) == 0
    }

    /// Of the matrices.
    private var parameters: Int {
      width * (inputs + condition + outputs + 2 * embedding) + blocks * width
        * ((tokens == nil ? 2 : 6) * width + 4 * embedding)
    }
  }

  public let configuration: Configuration
  public let input: Linear?
  /// Of the tokens, `[tokens, W]`.
  public let position: Parameter?
  public let condition1: Linear
  public let condition2: Linear
  public let start: Linear
  public let time1: Linear?
  public let time2: Linear?
  public let blocks: [PerceptronBlock]
  public let output: Linear

  /// - Precondition: the configuration is plausible.
  public init(_ configuration: Configuration) throws {
    precondition(configuration.isPlausible, "\(configuration)")
    self.configuration = configuration
    let (width, e) = (configuration.width, configuration.embedding)
    let tokens = configuration.tokens ?? 1
    input = configuration.inputs > 0 ? try Linear(configuration.inputs / tokens, width) : nil
    position = try configuration.tokens.map { try Parameter([$0, width], .normal(deviation: 0.1)) }
    condition1 = try Linear(configuration.condition, width)
    condition2 = try Linear(width, e)
    start = try Linear(e, width)
    time1 = configuration.hasTime ? try Linear(e, e) : nil
    time2 = configuration.hasTime ? try Linear(e, e) : nil
    blocks = try (0..<configuration.blocks).map { _ in try PerceptronBlock(configuration) }
    output = try Linear(width, configuration.outputs / tokens, isZero: true)
  }

  /// - Parameters:
  ///   - x: `[N, inputs]`, token after token; nil where there are none.
  ///   - time: `[N]`, any number of about −2…2; nil for a network that is told none.
  ///   - condition: `[N, C]`.
  /// - Returns: `[N, outputs]`, likewise.
  public func callAsFunction(_ x: Tensor?, time: Tensor?, condition: Tensor) throws -> Tensor {
    guard (x == nil) == (input == nil), (time == nil) == (time1 == nil) else {
      throw TensorError(
        "this network wants \(input == nil ? "no x" : "x") and \(time1 == nil ? "no time" : "a time")")
    }
    let told = try condition2(condition1(condition).silu()).silu()
    var moment: Tensor?
    if let time, let time1, let time2 {
      moment = try time2(time1(TimeWaves(configuration.embedding)(time)).silu()).silu()
    }
    var hidden = try start(told)
    let rows = condition.shape[0]
    if let x, let input {
      if let tokens = configuration.tokens, let position {
        let parts = try input(x.reshaped([rows * tokens, x.shape[1] / tokens]))
        hidden = try
          (hidden.unsqueezed(1) + position.value + parts.reshaped([rows, tokens, configuration.width]))
          .reshaped([rows * tokens, configuration.width])
      } else {
        hidden = try hidden + input(x)
      }
    }
    for block in blocks { hidden = try block(hidden, told, moment) }
    return try output(Self.normalized(hidden)).reshaped([rows, configuration.outputs])
  }

  /// x divided by the root of its mean square.
  static func normalized(_ x: Tensor) throws -> Tensor {
    try x / (x.squared().mean([1], keepAxes: true) + epsilon).squareRoot()
  }

  package static let epsilon = 1e-6

  /// The matrices inside, for optimisers that treat them as such.
  public var hiddenWeights: [Parameter] {
    blocks.flatMap { block in
      [block.linear1.weight, block.linear2.weight]
        + (block.attention.map { [$0.qkv.weight, $0.out.weight] } ?? [])
    }
  }
}
