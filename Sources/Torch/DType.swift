/// Element types, smallest first, in the order in which safetensors lays tensors of mixed types (last first).
public enum DType: String, Sendable, CaseIterable {
  case bool, uint8, int8, int16, uint16, float16, bfloat16, int32, uint32, float32, float64, int64, uint64

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// PyTorch's `ScalarType` number.
  var scalarType: Int32 {
    switch self {
    case .uint8: 0
    case .int8: 1
    case .int16: 2
    case .int32: 3
    case .int64: 4
    case .float16: 5
    case .float32: 6
    case .float64: 7
    case .bool: 11
    case .bfloat16: 15
    case .uint16: 27
    case .uint32: 28
    case .uint64: 29
    }
  }

  /// nil for a type that has no name here.
  init?(scalarType: Int32) {
    guard let match = Self.allCases.first(where: { $0.scalarType == scalarType }) else { return nil }
    self = match
  }
}

/// A Swift type that is the element of a tensor.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }

/// Names of element types in files.
extension DType {
  /// Such as `F32` or `BF16`.
  public var safetensorsName: String {
    switch self {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .uint16: "U16"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int32: "I32"
    case .uint32: "U32"
    case .float32: "F32"
    case .float64: "F64"
    case .int64: "I64"
    case .uint64: "U64"
    }
  }

  /// NumPy's `descr`, such as `<f4` or `|b1`; nil for bfloat16, which NumPy does not know.
  public var numpyDescription: String? {
    switch self {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .int16: "<i2"
    case .uint16: "<u2"
    case .float16: "<f2"
    case .bfloat16: nil
    case .int32: "<i4"
    case .uint32: "<u4"
    case .float32: "<f4"
    case .float64: "<f8"
    case .int64: "<i8"
    case .uint64: "<u8"
    }
  }

  /// nil for a name that is not in the list.
  public init?(safetensorsName name: String) {
    guard let match = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = match
  }

  /// nil for a description that is not in the list.
  public init?(numpyDescription name: String) {
    guard let match = Self.allCases.first(where: { $0.numpyDescription == name }) else { return nil }
    self = match
  }
}
