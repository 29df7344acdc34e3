internal import CTorch

/// A dense array of numbers in libtorch, with its place in the autograd graph.
///
/// One rule for errors: everything that computes throws `TensorError`, which names the operator and the shapes;
/// only the properties below do not. One `try` covers a whole expression: `try relu(x.matmul(w) + b) * 0.1`.
///
/// A tensor may be read from any thread. In-place operators (their names end in `_`) are for the thread that owns
/// the tensor.
public final class Tensor: @unchecked Sendable {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { Libtorch.openedAPI.release(handle) }

  /// A CPU tensor with a copy of `elements`, row-major.
  /// - Throws: `TensorError` when their number is not the product of `shape`.
  public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws {
    let made = try elements.withUnsafeBytes { try Tensor.make($0, dtype: Element.dtype, shape: shape) }
    self.init(owning: made)
  }

  /// A CPU tensor with a copy of raw little-endian, row-major `bytes`.
  public convenience init(bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]) throws {
    self.init(owning: try Tensor.make(bytes, dtype: dtype, shape: shape))
  }

  static func make(_ bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]) throws -> OpaquePointer {
    let sizes = shape.map(Int64.init)
    let api = try Libtorch.api()
    guard
      let handle = api.from_bytes(
        bytes.baseAddress, Int64(bytes.count), dtype.scalarType, sizes, Int64(sizes.count))
    else { throw Libtorch.failure("making a \(dtype) tensor") }
    return handle
  }

  public var rank: Int { Int(Libtorch.openedAPI.rank(handle)) }

  public var shape: [Int] {
    let api = Libtorch.openedAPI
    let count = Int(api.rank(handle))
    return withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, count)) { sizes in
      api.shape(handle, sizes.baseAddress!)
      return (0..<count).map { Int(sizes[$0]) }
    }
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  public var dtype: DType {
    let number = Libtorch.openedAPI.dtype(handle)
    guard let dtype = DType(scalarType: number) else { fatalError("ScalarType \(number) has no DType") }
    return dtype
  }

  public var device: Device { Device(seam: Libtorch.openedAPI.device(handle)) }

  /// A copy of the elements, row-major.
  /// - Throws: `TensorError` when the tensor's dtype is not `Element`'s.
  public func elements<Element: TensorElement>(_ type: Element.Type = Element.self) throws -> [Element] {
    guard dtype == Element.dtype else {
      throw TensorError("elements are \(dtype), not \(Element.dtype); convert with to(_:) first")
    }
    return try withBytes { Array($0.bindMemory(to: Element.self)) }
  }

  /// The floats of a tensor of any numeric type, row-major.
  public func floats() throws -> [Float] { try to(.float32).elements(Float.self) }

  /// The only element of a tensor with one.
  public func scalar() throws -> Double {
    guard count == 1 else { throw TensorError("a tensor of shape \(shape) is not a scalar") }
    return try to(.float64).elements(Double.self)[0]
  }

  /// Reads the tensor's memory in place (a dense copy if it lies elsewhere or is strided).
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let dense = try to(device: .cpu).contiguous()
    return try withExtendedLifetime(dense) {
      let count = dense.count * dense.dtype.size
      guard let address = Libtorch.openedAPI.data(dense.handle) else {
        if count == 0 { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        throw Libtorch.failure("reading a tensor")
      }
      return try body(UnsafeRawBufferPointer(start: address, count: count))
    }
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "Tensor(\(dtype), \(shape), \(device))" }
}
