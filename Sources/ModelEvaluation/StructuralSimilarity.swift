internal import Foundation
public import Torch

/// Mean structural similarity of two one-channel pictures (Wang et al. 2004, equation 13): an 11×11 Gaussian
/// window of deviation 1.5, K₁ = 0.01, K₂ = 0.03, only where the window fits.
/// - Parameters:
///   - a: `[H, W]`; both sides at least 11.
///   - peak: the largest value a sample may take.
/// - Throws: `TensorError` when the shapes differ or are too small.
public func structuralSimilarity(_ a: Tensor, _ b: Tensor, peak: Double) throws -> Double {
  guard a.shape == b.shape, a.rank == 2, a.shape.allSatisfy({ $0 >= 11 }) else {
    throw TensorError("SSIM wants two pictures [H, W] of at least 11×11, not \(a.shape) and \(b.shape)")
  }
  let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
  let sum = raw.reduce(0, +)
  let kernel = raw.map { $0 / sum }
  let column = try Tensor(kernel, shape: [1, 1, 11, 1])
  let row = try Tensor(kernel, shape: [1, 1, 1, 11])
  func blurred(_ x: Tensor) throws -> Tensor { try x.conv2d(column, bias: nil).conv2d(row, bias: nil) }

  let x = try a.to(.float64).reshaped([1, 1] + a.shape)
  let y = try b.to(.float64).reshaped([1, 1] + b.shape)
  let (c1, c2) = (pow(0.01 * peak, 2), pow(0.03 * peak, 2))
  let (meanX, meanY) = (try blurred(x), try blurred(y))
  let varianceX = try blurred(x * x) - meanX * meanX
  let varianceY = try blurred(y * y) - meanY * meanY
  let covariance = try blurred(x * y) - meanX * meanY
  let numerator = try (2 * meanX * meanY + c1) * (2 * covariance + c2)
  let denominator = try (meanX * meanX + meanY * meanY + c1) * (varianceX + varianceY + c2)
  return try (numerator / denominator).mean().scalar()
}
