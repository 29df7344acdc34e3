internal import Torch

/// What a mean has within a low-resolution pixel, and means over few of these.
enum LocalDetail {
  /// The mean's values less that of the low-resolution pixel that they belong to, `[N, 3 · scale², h, w]`.
  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  static func around(low: Tensor, mean: Tensor, scale: Int) throws -> Tensor {
    try mean.pixelUnshuffled(scale) - low.repeatInterleave(scale * scale, axis: 1)
  }

  /// Each channel's mean over 3×3 pixels, those at the border repeated; `[N, C, h, w]` to the same.
  static func smoothed(_ x: Tensor) throws -> Tensor {
    let shape = x.shape
    let box = try Tensor.full([1, 1, 3, 3], 1.0 / 9, device: x.device)
    return try x.reshaped([-1, 1, shape[2], shape[3]]).padded([1, 1, 1, 1], .replicate)
      .conv2d(box, bias: nil, padding: 0).reshaped(shape)
  }
}
