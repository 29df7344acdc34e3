public import Torch

/// Attention among all, then a layer for each, both as additions to their normalised inputs (Vaswani et al. 2017, in the
/// order of Xiong et al. 2020, "On layer normalization in the transformer architecture").
public final class TransformerBlock: Module {
  public let norm1: LayerNorm
  /// Query, key and value at once, `[3 D, D]`.
  public let qkv: Linear
  public let out: Linear
  public let norm2: LayerNorm
  public let fc1: Linear
  public let fc2: Linear
  private let heads: Int

  /// - Precondition: `heads` divides `width`.
  public init(width: Int, heads: Int) throws {
    precondition(width % heads == 0, "\(heads) heads of width \(width)")
    self.heads = heads
    norm1 = try LayerNorm(width)
    qkv = try Linear(width, 3 * width)
    out = try Linear(width, width)
    norm2 = try LayerNorm(width)
    fc1 = try Linear(width, 4 * width)
    fc2 = try Linear(4 * width, width)
  }

  /// - Parameters:
  ///   - x: `[N, L, D]`.
  ///   - mask: `[N, L]`, 1 for what may be attended to.
  public func callAsFunction(_ x: Tensor, mask: Tensor) throws -> Tensor {
    let (n, length) = (x.shape[0], x.shape[1])
    let hidden = try ((mask - 1) * 1e4).reshaped([n, 1, 1, length])
    let y =
      try x
      + out(SelfAttention.attended(qkv(norm1(x)), length: length, heads: heads, hidden: hidden))
    return try y + fc2(fc1(norm2(y)).silu())
  }
}

/// A sequence of words as vectors that know one another, and one vector for all of it.
public final class TextEncoder: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Words, the one that begins each sequence and the one that fills it up among them.
    public var vocabulary: Int
    /// L, longest sequence.
    public var length: Int
    /// D.
    public var width: Int
    public var layers: Int
    public var heads: Int

    public init(vocabulary: Int, length: Int, width: Int, layers: Int, heads: Int) {
      self.vocabulary = vocabulary
      self.length = length
      self.width = width
      self.layers = layers
      self.heads = heads
    }
  }

  public let configuration: Configuration
  /// `[vocabulary, D]`.
  public let words: Parameter
  /// `[L, D]`.
  public let places: Parameter
  public let body: [TransformerBlock]
  public let norm: LayerNorm

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    words = try Parameter([configuration.vocabulary, configuration.width], .normal(deviation: 1))
    places = try Parameter([configuration.length, configuration.width], .normal(deviation: 0.5))
    body = try (0..<configuration.layers).map { _ in
      try TransformerBlock(width: configuration.width, heads: configuration.heads)
    }
    norm = try LayerNorm(configuration.width)
  }

  /// - Parameters:
  ///   - tokens: `int64 [N, L]` or shorter.
  ///   - mask: `[N, L]`, 1 where there is a word.
  /// - Returns: `[N, L, D]`, and the mean over the words, `[N, D]`.
  public func callAsFunction(_ tokens: Tensor, mask: Tensor) throws -> (sequence: Tensor, mean: Tensor) {
    let (n, length) = (tokens.shape[0], tokens.shape[1])
    var x =
      try words.value.indexSelect(0, tokens.reshaped([n * length]))
      .reshaped([n, length, configuration.width]) + places.value.narrow(0, start: 0, length: length)
    for block in body { x = try block(x, mask: mask) }
    x = try norm(x)
    let share = try mask.unsqueezed(2)
    return (x, try (x * share).sum([1]) / share.sum([1]))
  }

  /// The matrices of the layers, for optimisers that treat them as such.
  public var hiddenWeights: [Parameter] {
    body.flatMap { [$0.qkv.weight, $0.out.weight, $0.fc1.weight, $0.fc2.weight] }
  }
}

extension TextEncoder.Configuration {
  /// Whether it can be a network, and one of a size that memory can be taken for.
  public var isPlausible: Bool {
    (1...200_000).contains(vocabulary) && (2...1024).contains(length) && (1...1024).contains(width)
      && (0...64).contains(layers) && (1...64).contains(heads) && width % heads == 0
  }
}
