public import Foundation

/// An array in the host's memory, independent of libtorch: little-endian elements in row-major order.
///
/// `shape` is empty for a scalar, and any dimension may be 0. `bytes` may be a slice that shares the storage of
/// the file it was read from.
public struct HostArray: Sendable, Equatable {
  public let dtype: DType
  public let shape: [Int]
  public let bytes: Data

  /// - Throws: `FormatError` when a dimension is negative, the product of the shape overflows, `bytes` does not
  ///   hold exactly that many elements, or a bool is neither 0 nor 1.
  public init(dtype: DType, shape: [Int], bytes: Data) throws {
    let expected = try Self.byteCount(dtype: dtype, shape: shape, subject: "array")
    guard bytes.count == expected else {
      throw FormatError(
        in: "array", "\(bytes.count) bytes for shape \(FormatError.listed(shape)) of \(dtype)",
        expected: "\(expected) bytes")
    }
    // Any other byte is undefined behaviour in libtorch's C++.
    if dtype == .bool, let byte = bytes.withUnsafeBytes({ $0.first { $0 > 1 } }) {
      throw FormatError(in: "array", "the byte \(byte) for a bool", expected: "0 or 1")
    }
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  /// Number of elements; 1 for a scalar.
  public var count: Int { bytes.count / dtype.size }

  /// Bytes that an array takes.
  /// - Throws: `FormatError` when a dimension is negative or the product does not fit into `Int`. A dimension of 0
  ///   excuses no overflow by the others, because strides are computed from these.
  static func byteCount(dtype: DType, shape: [Int], subject: String) throws -> Int {
    var product = dtype.size
    var isEmpty = false
    for dimension in shape {
      guard dimension >= 0 else {
        throw FormatError(
          in: subject, "the shape \(FormatError.listed(shape)) has a negative dimension",
          expected: "dimensions of 0 or more")
      }
      isEmpty = isEmpty || dimension == 0
      let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow else {
        throw FormatError(
          in: subject, "the shape \(FormatError.listed(shape)) overflows", expected: "less than 2^63 bytes")
      }
      product = next
    }
    return isEmpty ? 0 : product
  }
}

/// Typed access. The host is little-endian, as every platform that Swift supports is.
extension HostArray {
  /// - Throws: `FormatError` when the number of values does not match `shape`.
  public init(_ values: [Float], shape: [Int]) throws { try self.init(.float32, values, shape) }
  public init(_ values: [Double], shape: [Int]) throws { try self.init(.float64, values, shape) }
  public init(_ values: [UInt8], shape: [Int]) throws { try self.init(.uint8, values, shape) }
  public init(_ values: [UInt16], shape: [Int]) throws { try self.init(.uint16, values, shape) }
  public init(_ values: [Int32], shape: [Int]) throws { try self.init(.int32, values, shape) }
  public init(_ values: [Int64], shape: [Int]) throws { try self.init(.int64, values, shape) }
  public init(_ values: [Bool], shape: [Int]) throws {
    try self.init(.bool, values.map { $0 ? UInt8(1) : 0 }, shape)
  }

  private init<T: BitwiseCopyable>(_ dtype: DType, _ values: [T], _ shape: [Int]) throws {
    try self.init(dtype: dtype, shape: shape, bytes: values.withUnsafeBytes { Data($0) })
  }

  /// Float32 elements as they are, float16 and bfloat16 widened without loss.
  /// - Throws: `FormatError` for any other type, float64 included: narrowing is the caller's decision.
  public func floats() throws -> [Float] {
    switch dtype {
    case .float32: elements(Float.self)
    case .float16: elements(UInt16.self).map(Self.float(half:))
    case .bfloat16: elements(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    default: throw wrongType("float32, float16 or bfloat16")
    }
  }

  /// Elements of any floating-point type, without loss.
  /// - Throws: `FormatError` for integers and bools.
  public func doubles() throws -> [Double] {
    dtype == .float64 ? elements(Double.self) : try floats().map(Double.init)
  }

  /// - Throws: `FormatError` for any type but uint8.
  public func uint8s() throws -> [UInt8] {
    guard dtype == .uint8 else { throw wrongType("uint8") }
    return [UInt8](bytes)
  }

  /// - Throws: `FormatError` for any type but uint16.
  public func uint16s() throws -> [UInt16] {
    guard dtype == .uint16 else { throw wrongType("uint16") }
    return elements(UInt16.self)
  }

  /// Elements of any integer type that always fits: all but uint64.
  /// - Throws: `FormatError` for any other type.
  public func int64s() throws -> [Int64] {
    switch dtype {
    case .uint8: bytes.map(Int64.init)
    case .int8: elements(Int8.self).map(Int64.init)
    case .int16: elements(Int16.self).map(Int64.init)
    case .uint16: elements(UInt16.self).map(Int64.init)
    case .int32: elements(Int32.self).map(Int64.init)
    case .uint32: elements(UInt32.self).map(Int64.init)
    case .int64: elements(Int64.self)
    default: throw wrongType("an integer type other than uint64")
    }
  }

  /// - Throws: `FormatError` for any type but bool.
  public func bools() throws -> [Bool] {
    guard dtype == .bool else { throw wrongType("bool") }
    return bytes.map { $0 != 0 }
  }

  /// Copies, since the bytes of a file's slice need not be aligned.
  private func elements<T: BitwiseCopyable>(_ type: T.Type) -> [T] {
    [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// IEEE 754 binary16 to binary32. `Float16` itself does not exist on every platform.
  private static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = UInt32(bits >> 10) & 31
    let fraction = UInt32(bits) & 1023
    if exponent == 0 { return sign * Float(fraction) * 0x1p-24 }
    let biased = exponent == 31 ? 255 : exponent + 112
    return Float(bitPattern: UInt32(bits >> 15) << 31 | biased << 23 | fraction << 13)
  }

  private func wrongType(_ expected: String) -> FormatError {
    FormatError(in: "array", "its elements are \(dtype)", expected: expected)
  }
}
