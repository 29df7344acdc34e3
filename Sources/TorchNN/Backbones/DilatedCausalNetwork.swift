internal import Foundation
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
    /// P: parts of a cycle, where the features end with the phase of a tone at a step's first sample and what it advances
    /// by each sample, both in cycles; nil where they do not.
    public var phases: Int?
    /// Q: partials of that tone; nil where there is no phase.
    public var partials: Int?

    public init(
      levels: Int = 256, channels: Int, dilations: [Int], skip: Int, features: Int, condition: Int, hop: Int,
      phases: Int? = nil, partials: Int? = nil
    ) {
      self.levels = levels
      self.channels = channels
      self.dilations = dilations
      self.skip = skip
      self.features = features
      self.condition = condition
      self.hop = hop
      self.phases = phases
      self.partials = partials
    }

    /// Samples before the present one that can change what is said of it.
    public var reach: Int { dilations.reduce(1, +) }
  }

  public let configuration: Configuration
  /// `[K, R]`.
  public let embedding: Parameter
  /// `[2 Q, R]`: a harmonic excitation, added to the embedding (Wang et al. 2019, "Neural source-filter waveform models"):
  /// cosines of the partials, then their sines. Of a table with a row for each part of the cycle no row would know its
  /// neighbours.
  public let partials: Parameter?
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
    partials =
      try configuration.phases == nil
      ? nil
      : configuration.partials.map {
        try Parameter([2 * $0, r], .normal(deviation: 0.5 / Double($0).squareRoot()))
      }
    condition1 = try Linear(configuration.features - (configuration.phases == nil ? 0 : 2), 2 * d)
    condition2 = try Linear(2 * d, d)
    body = try configuration.dilations.map { try DilatedBlock(channels: r, condition: d, dilation: $0) }
    skip = try Linear(configuration.dilations.count * r, s)
    head1 = try Linear(s, s)
    head2 = try Linear(s, configuration.levels)
  }

  /// D numbers for each step of the features, `[N, F, D]` of `[N, F, features]`.
  public func condition(_ features: Tensor) throws -> Tensor {
    let told =
      partials == nil
      ? features : try features.narrow(2, start: 0, length: features.shape[2] - 2).contiguous()
    return try condition2(condition1(told).silu()).silu()
  }

  /// - Parameters:
  ///   - previous: the level before each sample, `int64 [N, F · hop]`.
  ///   - features: `[N, F, features]`.
  /// - Returns: scores before the softmax, `[N, F · hop, K]`.
  public func callAsFunction(_ previous: Tensor, features: Tensor) throws -> Tensor {
    try head2(activations(previous, features: features).hidden)
  }

  /// `[P, R]`: the excitation in the middle of each part of the cycle; nil where there is none.
  public func excitations() throws -> Tensor? {
    guard let partials, let count = configuration.phases else { return nil }
    let half = partials.value.shape[0] / 2
    var (cosines, sines): ([Float], [Float]) = ([], [])
    for part in 0..<count {
      let angle = 2 * Double.pi * (Double(part) + 0.5) / Double(count)
      for partial in 1...half {
        cosines.append(Float(cos(Double(partial) * angle)))
        sines.append(Float(sin(Double(partial) * angle)))
      }
    }
    let shape = [count, half]
    let both = try Tensor.cat([Tensor(cosines, shape: shape), Tensor(sines, shape: shape)], axis: 1).to(
      device: partials.value.device)
    // In double precision, so that its rounding is the same wherever it is computed.
    return try both.to(.float64).matmul(partials.value.to(.float64)).to(.float32)
  }

  /// `[N, F · hop, R]`: the row of each sample's part of the cycle.
  private func excitation(_ table: Tensor, _ features: Tensor, samples: Int) throws -> Tensor {
    let (n, frames, all) = (features.shape[0], features.shape[1], features.shape[2])
    let offsets = try Tensor((0..<samples / frames).map(Float.init), shape: [1, 1, samples / frames])
      .to(device: features.device)
    let start = try features.narrow(2, start: all - 2, length: 1)
    let advance = try features.narrow(2, start: all - 1, length: 1)
    let place = try start + advance * offsets
    let count = table.shape[0]
    // As the kernel does it, in single precision, so that both find the same part.
    let index = try ((place - place.floored()) * Double(count)).floored().clamped(0, Double(count - 1)).to(
      .int64)
    return try table.indexSelect(0, index.reshaped([n * samples]))
      .reshaped([n, samples, configuration.channels])
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
    if let table = try excitations() { x = try x + excitation(table, features, samples: t) }
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
