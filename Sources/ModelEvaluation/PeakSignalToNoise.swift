internal import Foundation
public import Torch

/// Peak signal-to-noise ratio in dB: 10 · log₁₀(peak² / mean squared error); infinite for equal tensors.
/// - Parameter peak: the largest value a sample may take.
/// - Throws: `TensorError` when the shapes differ.
public func peakSignalToNoise(_ a: Tensor, _ b: Tensor, peak: Double) throws -> Double {
  guard a.shape == b.shape else {
    throw TensorError("PSNR of \(a.shape) and \(b.shape), which differ in shape")
  }
  let error = try (a.to(.float64) - b.to(.float64)).squared().mean().scalar()
  return 10 * log10(peak * peak / error)
}
