public import Torch

extension Tensor {
  /// Means over each quarter of pictures `[N, C, H, W]`: upper left, upper right, lower left, lower right, `[N, 4 C]`.
  func quarterMeans() throws -> Tensor {
    let (h, w) = (shape[2], shape[3])
    let parts = try [(0, h / 2), (h / 2, h - h / 2)].flatMap { y, height in
      try [(0, w / 2), (w / 2, w - w / 2)].map { x, width in
        try narrow(2, start: y, length: height).narrow(3, start: x, length: width).mean([2, 3])
      }
    }
    return try Tensor.cat(parts, axis: 1)
  }
}
