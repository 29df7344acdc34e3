internal import Foundation

extension Tensor {
  /// A CPU tensor with a copy of `array`.
  /// - Throws: `TensorError` when libtorch cannot be loaded.
  public convenience init(_ array: HostArray) throws {
    try self.init(
      owning: array.bytes.withUnsafeBytes { try Self.make($0, dtype: array.dtype, shape: array.shape) })
  }

  /// A copy of the elements in plain memory.
  public func hostArray() throws -> HostArray {
    try HostArray(dtype: dtype, shape: shape, bytes: withBytes { Data($0) })
  }
}
