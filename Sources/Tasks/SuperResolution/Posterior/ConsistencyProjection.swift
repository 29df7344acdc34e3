internal import Foundation
internal import MediaTensors
internal import ModelEvaluation
internal import Torch

/// Makes an enlarged picture agree with the one it was made from: x ← x + U (low − A x), clipped, where A is the antialiased
/// bicubic reduction and U bicubic enlargement (Irani & Peleg 1991, "Improving resolution by image registration", section 3).
///
/// What A does not see, the detail, is left alone, but for U's own deviation from A's pseudo-inverse.
enum ConsistencyProjection {
  /// The most rounds; a few are enough where the picture is not at its limits.
  static let rounds = 12
  /// PSNR of the reduced picture against the low one, in dB, at which it ends before.
  static let goal = 50.0

  /// - Parameters:
  ///   - picture: `[C, h · scale, w · scale]`, about 0…1.
  ///   - low: `[C, h, w]` over 0…1.
  /// - Returns: the nearest picture found, over 0…1.
  static func project(_ picture: Tensor, low: Tensor) throws -> Tensor {
    let (height, width) = (picture.shape[1], picture.shape[2])
    var x = try picture.clamped(0, 1)
    for _ in 0..<rounds {
      let difference = try low - x.resampledBicubic(height: low.shape[1], width: low.shape[2])
      guard try decibels(difference) < goal else { break }
      x = try (x + difference.resampledBicubic(height: height, width: width)).clamped(0, 1)
    }
    return x
  }

  /// PSNR (dB) of the reduction of `picture`, rounded to 8 bits before and after, against `low`.
  static func consistency(of picture: Tensor, low: Tensor, scale: Int) throws -> Double {
    let bytes = try (picture.clamped(0, 1) * 255).rounded() / 255
    return try peakSignalToNoise(Degradation.bicubic(bytes, scale: scale) * 255, low * 255, peak: 255)
  }

  private static func decibels(_ difference: Tensor) throws -> Double {
    -10 * log10(max(1e-12, try difference.squared().mean().scalar()))
  }
}
