public import Conditioners
internal import Foundation
public import Torch

/// P(x | y) of sound as the product of P(sample | samples before it, y), each a choice among levels, with the backbone
/// injected (van den Oord et al. 2016, "WaveNet", equation 1).
///
/// x is `[N, T]`: the level of each sample, a whole number from 0; below 0 where there is no sample. y is
/// `Conditioning.spatial [N, features, F]`, a step of it for each `T / F` samples.
public struct WaveformFamily: Trainable, DensityModel, Encoding {
  /// Scores of every level, `[N, T, K]`, of the levels before each sample, `int64 [N, T]`, and `[N, F, features]`.
  public typealias Backbone = @Sendable (_ previous: Tensor, _ features: Tensor) throws -> Tensor
  /// A short vector, `[N, D]`, of the same.
  public typealias Summary = @Sendable (_ previous: Tensor, _ features: Tensor) throws -> Tensor

  /// K.
  public let levels: Int
  /// The level before the first sample.
  public let silence: Int
  private let backbone: Backbone
  private let summary: Summary

  public init(levels: Int, silence: Int, backbone: @escaping Backbone, summary: @escaping Summary) {
    self.levels = levels
    self.silence = silence
    self.backbone = backbone
    self.summary = summary
  }

  /// Bits a sample.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let (each, isThere) = try logProbabilities(x, conditioning)
    return try -(each * isThere).sum() / isThere.sum() / log(2)
  }

  /// Bits a sample, where the samples before each are not those of `x` itself: with some noise, so that a network learns
  /// to go on from what it draws, or with samples that are heard but not learned, which `x` leaves out.
  /// - Parameter heard: `[N, T]`, a level at every place.
  public func loss(_ x: Tensor, hearing heard: Tensor, given conditioning: Conditioning) throws -> Tensor {
    let (each, isThere) = try logProbabilities(x, hearing: heard, conditioning)
    return try -(each * isThere).sum() / isThere.sum() / log(2)
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    guard known == nil else { throw TensorError("sound with missing samples has no exact density") }
    return try Autograd.disabled {
      let (each, isThere) = try logProbabilities(x, conditioning)
      return LogDensity(try (each * isThere).to(.float64).sum([1]), kind: .exact)
    }
  }

  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled { try summary(previous(x), features(conditioning)) }
  }

  /// log P(sample | samples before it, y) and 1 where there is a sample, both `[N, T]`.
  public func logProbabilities(_ x: Tensor, _ conditioning: Conditioning) throws -> (
    each: Tensor, isThere: Tensor
  ) {
    try logProbabilities(x, hearing: x, conditioning)
  }

  private func logProbabilities(_ x: Tensor, hearing heard: Tensor, _ conditioning: Conditioning) throws -> (
    each: Tensor, isThere: Tensor
  ) {
    let scores = try backbone(previous(heard), features(conditioning))
    let levels = try x.clamped(0, Double(scores.shape[2] - 1)).to(.int64).unsqueezed(2)
    let isThere = try (x + 1).clamped(0, 1)
    return (try scores.logSoftmax(2).gather(2, levels).squeezed(2), isThere)
  }

  private func previous(_ x: Tensor) throws -> Tensor {
    let first = try Tensor.full([x.shape[0], 1], Double(silence), device: x.device)
    return try Tensor.cat([first, x.narrow(1, start: 0, length: x.shape[1] - 1)], axis: 1)
      .clamped(0, Double(levels - 1)).to(.int64)
  }

  private func features(_ conditioning: Conditioning) throws -> Tensor {
    guard let spatial = conditioning.spatial else {
      throw TensorError("a model of sound wants to be told what is heard when")
    }
    return try spatial.permuted([0, 2, 1]).contiguous()
  }
}
