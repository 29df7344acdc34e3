public import Torch

/// Attention to what came before, then a layer for each place, both as additions to their normalised inputs. Each input has
/// a share of the one before it added, number by number, so that neighbours are known without attention (Peng et al. 2023,
/// "RWKV", section 3.1); the layer's activation is the square of what is above zero (So et al. 2021, "Primer", section 3).
public final class CausalTransformerBlock: Module {
  public let norm1: LayerNorm
  /// Of the place before, `[D]`.
  public let share1: Parameter
  public let attention: CausalAttention
  public let norm2: LayerNorm
  public let share2: Parameter
  public let fc1: Linear
  public let fc2: Linear

  init(_ c: CausalTransformer.Configuration) throws {
    norm1 = try LayerNorm(c.width)
    share1 = try Parameter([c.width], .constant(0))
    attention = try CausalAttention(width: c.width, heads: c.heads)
    norm2 = try LayerNorm(c.width)
    share2 = try Parameter([c.width], .constant(0))
    fc1 = try Linear(c.width, c.hidden, hasBias: false)
    fc2 = try Linear(c.hidden, c.width, hasBias: false, isZero: true)
  }

  func callAsFunction(_ x: Tensor, _ positions: (cosines: Tensor, sines: Tensor)) throws -> Tensor {
    let y = try x + attention(Self.mixed(norm1(x), share1), positions)
    return try y + fc2(fc1(Self.mixed(norm2(y), share2)).relu().squared())
  }

  /// Nothing is before the first place.
  private static func mixed(_ x: Tensor, _ share: Parameter) throws -> Tensor {
    let before = try x.padded([0, 0, 1, -1])
    return try x + before * share.value
  }
}

/// Scores of what follows each token of a sequence, given the tokens up to it and a condition (Vaswani et al. 2017, the
/// decoder alone).
public final class CausalTransformer: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Tokens that can be read.
    public var vocabulary: Int
    /// Tokens that can follow.
    public var outputs: Int
    /// Of `Conditioning.global`.
    public var condition: Int
    /// Longest sequence.
    public var length: Int
    /// D.
    public var width: Int
    public var layers: Int
    public var heads: Int
    /// Units of the layer for each place.
    public var hidden: Int

    public init(
      vocabulary: Int, outputs: Int, condition: Int, length: Int, width: Int, layers: Int, heads: Int,
      hidden: Int
    ) {
      (self.vocabulary, self.outputs, self.condition) = (vocabulary, outputs, condition)
      (self.length, self.width, self.layers) = (length, width, layers)
      (self.heads, self.hidden) = (heads, hidden)
    }

    /// Whether it can be a network, and one that memory can be taken for; heads are whole vectors, for engines.
    public var isPlausible: Bool {
      (1...200_000).contains(vocabulary) && (1...200_000).contains(outputs) && (1...4096).contains(condition)
        && (2...65_536).contains(length) && (16...4096).contains(width) && (1...256).contains(layers)
        && (1...256).contains(heads) && width % (16 * heads) == 0 && (16...65_536).contains(hidden)
        && hidden % 16 == 0
        && width * (vocabulary + outputs + length) + layers * width * (4 * width + 2 * hidden) <= 1 << 28
    }
  }

  public let configuration: Configuration
  /// `[vocabulary, D]`.
  public let tokens: Parameter
  /// What the condition adds to every token, `[D, condition]`.
  public let told: Linear
  public let body: [CausalTransformerBlock]
  public let norm: LayerNorm
  public let output: Linear
  private let positions: RotaryPositions

  /// - Precondition: the configuration is plausible.
  public init(_ configuration: Configuration) throws {
    precondition(configuration.isPlausible, "\(configuration)")
    self.configuration = configuration
    let width = configuration.width
    tokens = try Parameter([configuration.vocabulary, width], .normal(deviation: 1))
    told = try Linear(configuration.condition, width, hasBias: false)
    body = try (0..<configuration.layers).map { _ in try CausalTransformerBlock(configuration) }
    norm = try LayerNorm(width)
    output = try Linear(width, configuration.outputs, isZero: true)
    positions = RotaryPositions(size: width / configuration.heads, length: configuration.length)
  }

  /// - Parameters:
  ///   - tokens: `int64 [N, L]`.
  ///   - global: `[N, condition]`.
  /// - Returns: scores `[N, L, outputs]`.
  public func callAsFunction(_ tokens: Tensor, global: Tensor) throws -> Tensor {
    try output(states(tokens, global: global))
  }

  /// What the scores are made of, `[N, L, D]`.
  public func states(_ tokens: Tensor, global: Tensor) throws -> Tensor {
    let (n, length) = (tokens.shape[0], tokens.shape[1])
    guard length <= configuration.length else {
      throw TensorError("a sequence of \(length) tokens, where this network reads \(configuration.length)")
    }
    let tables = try positions.tables(length: length)
    var x =
      try self.tokens.value.indexSelect(0, tokens.reshaped([n * length])).reshaped([
        n, length, configuration.width,
      ])
      + told(global).unsqueezed(1)
    for block in body { x = try block(x, tables) }
    return try norm(x)
  }

  /// The matrices inside, for optimisers that treat them as such.
  public var hiddenWeights: [Parameter] {
    body.flatMap { [$0.attention.qkv.weight, $0.attention.out.weight, $0.fc1.weight, $0.fc2.weight] }
  }
}
