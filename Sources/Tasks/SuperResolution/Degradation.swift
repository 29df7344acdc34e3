internal import MediaTensors
public import Torch

/// How a low-resolution picture comes from a high one.
public enum Degradation: String, Sendable, CaseIterable {
  /// MATLAB's antialiased reduction alone, as in the literature.
  case bicubic
  /// Blur, reduction, noise and JPEG, of strengths drawn at random.
  case real

  /// MATLAB's `imresize(picture, 1 / scale)` of an 8-bit picture: antialiased bicubic, columns first, rounded to
  /// grey levels after each axis, halves upwards.
  /// - Parameter picture: `[…, H, W]` over 0…1.
  /// - Returns: `[…, ⌈H / scale⌉, ⌈W / scale⌉]` over 0…1.
  public static func bicubic(_ picture: Tensor, scale: Int) throws -> Tensor {
    var result = picture
    for axis in [picture.rank - 2, picture.rank - 1] {
      let length = picture.shape[axis]
      let resample = BicubicResampling(
        inputs: length, outputs: (length + scale - 1) / scale, scale: 1 / Double(scale))
      result = try (resample(result * 255, axis: axis) + 0.5).floored().clamped(0, 255) / 255
    }
    return result
  }
}
