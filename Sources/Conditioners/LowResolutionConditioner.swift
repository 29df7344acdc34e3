public import Torch

/// Tells a model about a low-resolution picture.
public struct LowResolutionConditioner: Sendable {
  public init() {}

  /// - Parameter picture: RGB `[N, 3, H, W]` over 0…1.
  /// - Returns: the picture as `spatial`.
  /// - Throws: `TensorError` for another shape.
  public func callAsFunction(_ picture: Tensor) throws -> Conditioning {
    let shape = picture.shape
    guard shape.count == 4, shape[1] == 3 else {
      throw TensorError("a low-resolution picture has the shape [N, 3, H, W], not \(shape)")
    }
    return Conditioning(spatial: picture)
  }
}
