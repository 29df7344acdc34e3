public import Torch

/// What a network of patches is shown of a grey picture: for each of a patch's four pixels its level, and whether it is
/// black, for black is a level of its own in pictures cut out from their background.
public enum PatchFeatures {
  /// Side of a patch.
  public static let patch = 2
  /// Pixels of a patch.
  public static let pixels = patch * patch
  /// Numbers of a patch.
  public static let channels = 2 * pixels

  /// Grey levels `[N, 1, 2 H, 2 W]`, 0…255, to `[N, 8, H, W]`: for each pixel of a patch, row by row, its level over
  /// −1…1 and a one where it is black.
  public static func of(_ levels: Tensor) throws -> Tensor {
    let scaled = try levels / 127.5 - 1
    let black = try 1 - levels.clamped(0, 1)
    let (n, h, w) = (levels.shape[0], levels.shape[2] / patch, levels.shape[3] / patch)
    // A pixel's numbers lie together, so that groups of channels are pixels.
    return try Tensor.cat([scaled, black], axis: 1).pixelUnshuffled(patch)
      .reshaped([n, 2, pixels, h, w]).permuted([0, 2, 1, 3, 4]).reshaped([n, channels, h, w])
  }
}
