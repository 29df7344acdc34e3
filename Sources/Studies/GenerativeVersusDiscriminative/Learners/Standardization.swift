internal import Foundation
internal import Torch

/// Columns with mean 0 and variance 1 over the sample that a learner is given. A column that does not vary there says
/// nothing, and becomes 0.
struct Standardization: Sendable {
  /// `float64 [D]`.
  private let mean: Tensor
  /// 1 over the standard deviation, `float64 [D]`.
  let factor: Tensor

  /// - Parameters:
  ///   - x: `float64 [N, D]`.
  ///   - count: columns that are standardised, the first ones; the others stay.
  init(_ x: Tensor, first count: Int) throws {
    let width = x.shape[1]
    let some = try x.narrow(1, start: 0, length: count)
    let mean = try some.mean([0])
    let variances = try (some - mean).squared().mean([0]).elements(Double.self)
    let scales = try zip(variances, mean.elements(Double.self)).map { variance, mean in
      // Less than rounding makes of equal values.
      variance > 1e-20 * max(1, mean * mean) ? 1 / variance.squareRoot() : 0
    }
    self.mean = try Tensor.cat([mean, .zeros([width - count], .float64)], axis: 0)
    factor = try Tensor(scales + [Double](repeating: 1, count: width - count), shape: [width])
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try (x - mean) * factor }
}
