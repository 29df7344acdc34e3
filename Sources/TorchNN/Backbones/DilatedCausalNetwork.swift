public import Torch

/// A causal convolution of two taps `dilation` apart, shifted by the condition, a gate, and a residual
/// (van den Oord et al. 2016, "WaveNet: a generative model for raw audio", equation 3 and figure 4).
public final class DilatedBlock: Module {
  public let dilation: Int
  /// `[2 R, 2 R]`: columns for the past tap, then for the present one; rows for tanh, then for the gate.
  public let conv: Linear
  /// `[2 R, D]`.
  public let condition: Linear
  public let out: Linear

  public init(channels: Int, condition: Int, dilation: Int) throws {
    self.dilation = dilation
    conv = try Linear(2 * channels, 2 * channels)
    self.condition = try Linear(condition, 2 * channels, hasBias: false)
    out = try Linear(channels, channels, isZero: true)
  }

  /// - Parameters:
  ///   - x: `[N, F · hop, R]`.
  ///   - given: `[N, F, D]`, a row for `hop` steps.
  /// - Returns: the input of the next block, and what this one says of the output, both `[N, F · hop, R]`.
  public func callAsFunction(_ x: Tensor, _ given: Tensor) throws -> (stream: Tensor, gated: Tensor) {
    let (n, t, r) = (x.shape[0], x.shape[1], x.shape[2])
    let frames = given.shape[1]
    let past =
      dilation < t
      ? try x.narrow(1, start: 0, length: t - dilation).padded([0, 0, dilation, 0]) : try x.zerosLike()
    let both = try
      (conv(.cat([past, x], axis: 2)).reshaped([n, frames, t / frames, 2 * r])
      + condition(given).unsqueezed(2)).reshaped([n, t, 2 * r])
    let gated =
      try both.narrow(2, start: 0, length: r).tanh() * both.narrow(2, start: r, length: r).sigmoid()
    return (try x + out(gated), gated)
  }
}

/// Scores of every level of each sample, given the samples before it and what is known of its time: WaveNet.
public final class DilatedCausalNetwork: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// K: levels of a sample.
    public var levels: Int
    /// R; a multiple of 16.
    public var channels: Int
    /// Of each block, in order.
    public var dilations: [Int]
    /// S: units of the output layers; a multiple of 16.
    public var skip: Int
    /// Of `Conditioning.spatial`.
    public var features: Int
    /// D: what the features become for the blocks.
    public var condition: Int
    /// Samples for each step of the features.
    public var hop: Int

    public init(
      levels: Int = 256, channels: Int, dilations: [Int], skip: Int, features: Int, condition: Int, hop: Int
    ) {
      self.levels = levels
      self.channels = channels
      self.dilations = dilations
      self.skip = skip
      self.features = features
      self.condition = condition
      self.hop = hop
    }

    /// Samples before the present one that can change what is said of it.
    public var reach: Int { dilations.reduce(1, +) }
  }

  public let configuration: Configuration
  /// `[K, R]`.
  public let embedding: Parameter
  public let condition1: Linear
  public let condition2: Linear
  public let body: [DilatedBlock]
  /// `[S, blocks · R]`: what all blocks say, added up.
  public let skip: Linear
  public let head1: Linear
  public let head2: Linear

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let (r, s, d) = (configuration.channels, configuration.skip, configuration.condition)
    embedding = try Parameter([configuration.levels, r], .normal(deviation: 0.5))
    condition1 = try Linear(configuration.features, 2 * d)
    condition2 = try Linear(2 * d, d)
    body = try configuration.dilations.map { try DilatedBlock(channels: r, condition: d, dilation: $0) }
    skip = try Linear(configuration.dilations.count * r, s)
    head1 = try Linear(s, s)
    head2 = try Linear(s, configuration.levels)
  }

  /// D numbers for each step of the features, `[N, F, D]` of `[N, F, features]`.
  public func condition(_ features: Tensor) throws -> Tensor {
    try condition2(condition1(features).silu()).silu()
  }

  /// - Parameters:
  ///   - previous: the level before each sample, `int64 [N, F · hop]`.
  ///   - features: `[N, F, features]`.
  /// - Returns: scores before the softmax, `[N, F · hop, K]`.
  public func callAsFunction(_ previous: Tensor, features: Tensor) throws -> Tensor {
    try head2(activations(previous, features: features).hidden)
  }

  /// The last output layer's input, averaged over all samples, `[N, S]`.
  public func summary(_ previous: Tensor, features: Tensor) throws -> Tensor {
    try activations(previous, features: features).hidden.mean([1])
  }

  /// What lies between the layers.
  public struct Activations {
    /// Of each block, its input `[N, F · hop, R]`.
    public var inputs: [Tensor] = []
    /// The inputs of the two output layers, `[N, F · hop, S]`.
    public var skip: Tensor
    public var hidden: Tensor
  }

  /// - Parameters: those of the network itself.
  public func activations(_ previous: Tensor, features: Tensor) throws -> Activations {
    let (n, t) = (previous.shape[0], previous.shape[1])
    let given = try condition(features)
    var x = try embedding.value.indexSelect(0, previous.reshaped([n * t]))
      .reshaped([n, t, configuration.channels])
    var (inputs, gated): ([Tensor], [Tensor]) = ([], [])
    for block in body {
      inputs.append(x)
      let (next, own) = try block(x, given)
      x = next
      gated.append(own)
    }
    let said = try skip(.cat(gated, axis: 2)).relu()
    return Activations(inputs: inputs, skip: said, hidden: try head1(said).relu())
  }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    body.flatMap { [$0.conv.weight, $0.out.weight] } + [skip.weight, head1.weight]
  }
}
