public import Conditioners
public import Torch

/// A model of P(x | y) that can draw x.
public protocol Sampling: Sendable {
  /// Draws one x for each row of `noise`, given the y of the same row of `conditioning`.
  /// - Parameter noise: keyed by seed, sample and step; a family without randomness does not touch it.
  func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor
}

/// A model of P(x | y) that can be trained by gradients.
public protocol Trainable: Sendable {
  /// The scalar to minimise for samples `x [N, …]` with their y.
  func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor

  /// Whether the loss differentiates inside, so that gradients have to be recorded even where only its value is wanted.
  var lossNeedsGradients: Bool { get }
}

extension Trainable {
  public var lossNeedsGradients: Bool { false }
}

/// What kind of statement a log density is.
public enum DensityKind: String, Codable, Sendable {
  /// The model's own density.
  case exact
  /// Not more than the density, on average.
  case bound
  /// Unbiased or nearly so, with an error of its own.
  case estimate
}

/// log p(x | y) of a batch.
public struct LogDensity: Sendable {
  /// Nats, `float64 [N]`.
  public var values: Tensor
  public var kind: DensityKind
  /// Standard error of each value in nats, `[N]`; nil where there is none.
  public var standardError: Tensor?
  /// Network evaluations that each value took.
  public var evaluations: Int

  public init(_ values: Tensor, kind: DensityKind, standardError: Tensor? = nil, evaluations: Int = 1) {
    self.values = values
    self.kind = kind
    self.standardError = standardError
    self.evaluations = evaluations
  }
}

/// A model of P(x | y) that says how probable x is.
public protocol DensityModel: Sendable {
  /// - Parameters:
  ///   - x: `[N, …]`, of the scale that the family states.
  ///   - known: 1 where x is known, 0 where it is missing and summed over; nil when all of it is known.
  /// - Throws: `TensorError` for other shapes, or for missing parts where the family cannot sum over them.
  func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise) throws
    -> LogDensity
}

/// A density model that gives log P(x | y) of all y at the cost of one.
public protocol ClassDensityModel: DensityModel {
  /// - Returns: nats, `float64 [N, K]`.
  func classLogDensities(_ x: Tensor, known: Tensor?, classes: Int, noise: BatchNoise) throws -> Tensor
}

/// A model of P(y | x) alone: discriminative.
public protocol Classifying: Sendable {
  /// - Returns: log P(y | x) of every class, `[N, K]`.
  func logPosterior(_ x: Tensor) throws -> Tensor
}

/// A model in which x and its noise determine one another.
public protocol Inverting: Sendable {
  /// The noise that `generate` turns into x, `[N, D]`.
  func invert(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor
  /// x of the noise `z [N, D]`.
  func generate(_ z: Tensor, given conditioning: Conditioning) throws -> Tensor
}

/// A model that fills in what is missing, by draws from P(missing | known, y).
public protocol Completing: Sendable {
  /// - Parameter known: of x's shape; 1 where x is known.
  /// - Returns: x with the missing parts drawn.
  func complete(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws
    -> Tensor
}

/// A model that describes x by a short vector.
public protocol Encoding: Sendable {
  /// - Returns: `[N, D]`.
  func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor
}
