internal import Torch

/// The colour line: how much each channel changes where the grey one changes by 1, by regression over 3×3 low-resolution
/// pixels of the mean. What a picture lacks is drawn along it, one number for a pixel: colours within so small a place nearly
/// lie on a line (Omer & Werman 2004, "Color lines: image specific color representation").
enum LocalColour {
  /// Variance of values over 0…1 below which a place has no colour of its own, and all channels change alike.
  private static let least = 1e-4
  private static let range = (low: -0.5, high: 2.5)

  /// β, `[N, 3, h, w]`.
  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  static func slopes(low: Tensor, mean: Tensor, scale: Int) throws -> Tensor {
    let shape = low.shape
    let (count, parts) = (shape[0], scale * scale)
    let around = try LocalDetail.around(low: low, mean: mean, scale: scale)
    // [N, 3, scale², h, w], and its grey.
    let channels = try around.reshaped([count, 3, parts, shape[2], shape[3]])
    let grey = try channels.mean([1], keepAxes: true)
    let covariance = try LocalDetail.smoothed((channels * grey).mean([2]))
    let variance = try LocalDetail.smoothed(grey.squared().mean([2]))
    return try ((covariance + least) / (variance + least)).clamped(range.low, range.high)
  }
}
