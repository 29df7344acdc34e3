public import Torch

extension Tensor {
  /// Y of BT.601 in studio range, 16…235, from RGB `[…, 3, H, W]` over 0…1: what MATLAB's `rgb2ycbcr` gives for
  /// 8-bit pictures before it rounds. The axis of the channels stays, with one entry.
  /// - Throws: `TensorError` when there are not three channels.
  public func luma601() throws -> Tensor {
    let axis = rank - 3
    guard axis >= 0, shape[axis] == 3 else {
      throw TensorError("RGB has the shape […, 3, H, W], not \(shape)")
    }
    let red = try narrow(axis, start: 0, length: 1)
    let green = try narrow(axis, start: 1, length: 1)
    let blue = try narrow(axis, start: 2, length: 1)
    return try red * 65.481 + green * 128.553 + blue * 24.966 + 16
  }
}
