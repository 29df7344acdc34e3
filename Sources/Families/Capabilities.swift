public import Conditioners
public import Torch

/// A model of P(x | y) that can draw x.
public protocol Sampling: Sendable {
  /// Draws one x for each y of `conditioning`.
  /// - Parameter noise: keyed by seed, sample and position; a family without randomness does not touch it.
  func sample(given conditioning: Conditioning, noise: KeyedNoise) throws -> Tensor
}

/// A model of P(x | y) that can be trained.
public protocol Trainable: Sendable {
  /// The scalar to minimise for samples `x [N, …]` with their y.
  func loss(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor
}
