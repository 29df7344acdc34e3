public import Torch

/// Tells classes apart by a linear function of features: ridge regression onto one-hot targets, in closed form (Hastie,
/// Tibshirani & Friedman 2009, section 4.2).
public struct LinearProbe: Sendable {
  private let mean: Tensor
  private let deviation: Tensor
  /// `[D + 1, K]`.
  private let weights: Tensor

  /// - Parameters:
  ///   - features: `[N, D]`.
  ///   - labels: of each row, below `classes`.
  ///   - penalty: λ for standardised features, as a share of N.
  public init(_ features: Tensor, labels: [Int], classes: Int, penalty: Double = 1e-3) throws {
    let x = try features.to(.float64)
    mean = try x.mean([0])
    deviation = try (x - mean).squared().mean([0]).squareRoot() + 1e-6
    let inputs = try Self.withOne((x - mean) / deviation)
    let transposed = try inputs.permuted([1, 0])
    let gram =
      try transposed.matmul(inputs)
      + Tensor.identity(inputs.shape[1], .float64) * (penalty * Double(labels.count))
    weights = try gram.cholesky().choleskySolve(
      transposed.matmul(OneHot.rows(labels, classes: classes)))
  }

  private static func withOne(_ x: Tensor) throws -> Tensor {
    try Tensor.cat([x, .full([x.shape[0], 1], 1, .float64)], axis: 1)
  }

  /// The class of each row of `[N, D]`.
  public func callAsFunction(_ features: Tensor) throws -> [Int] {
    let x = try (features.to(.float64) - mean) / deviation
    return try Self.withOne(x).matmul(weights).argmax(1).elements(Int64.self).map(Int.init)
  }

  /// Share of rows whose class is found, and its standard error.
  public func accuracy(_ features: Tensor, labels: [Int]) throws -> (mean: Double, standardError: Double) {
    meanWithError(try zip(self(features), labels).map { $0 == $1 ? 1 : 0 })
  }
}
