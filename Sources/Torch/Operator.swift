internal import CTorch

/// One argument of an operator, in the forms that libtorch's schemas know.
public enum Argument {
  /// The schema's own default.
  case schemaDefault
  case none
  case tensor(Tensor?)
  case int(Int)
  case double(Double)
  case bool(Bool)
  case string(String)
  case ints([Int])
  case doubles([Double])
  case tensors([Tensor])
  case optionalTensors([Tensor?])
  case dtype(DType?)
  case device(Device?)
}

/// An operator of libtorch, found by name once and called through the dispatcher, so that autograd records it
/// as it does in Python. Costs 1–2 µs a call.
///
///     static let relu = Operator("aten::relu")
///     let y = try relu([.tensor(x)])
public final class Operator: Sendable {
  private let name: String
  private let handle: Result<Handle, TensorError>

  private struct Handle: @unchecked Sendable {
    let api: CTorchAPI
    let pointer: OpaquePointer
  }

  /// - Parameters:
  ///   - name: with its namespace, such as `aten::add`.
  ///   - overload: such as `Tensor`; empty for the operators that have one form.
  public init(_ name: String, _ overload: String = "") {
    self.name = overload.isEmpty ? name : "\(name).\(overload)"
    handle = Result {
      let api = try Libtorch.api()
      guard let pointer = api.find_operator(name, overload) else { throw Libtorch.failure(name) }
      return Handle(api: api, pointer: pointer)
    }.mapError { $0 as? TensorError ?? TensorError("\($0)") }
  }

  /// Calls the operator for its only (or first) tensor.
  /// - Throws: `TensorError` with the operator's name, libtorch's reason and the shapes of the tensors given.
  @discardableResult
  public func callAsFunction(_ arguments: [Argument]) throws -> Tensor {
    let results = try all(arguments)
    guard let first = results.first else { throw TensorError("\(name) gives no tensor") }
    return first
  }

  /// Calls the operator for all tensors it gives.
  public func all(_ arguments: [Argument]) throws -> [Tensor] {
    let handle = try handle.get()
    let found = withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: 64) { results -> [Tensor]? in
      results.initialize(repeating: nil)
      return withExtendedLifetime(arguments) {
        let arena = Arena(arguments)
        let count = handle.api.call(
          handle.pointer, arena.values, Int64(arguments.count), results.baseAddress, 64)
        return count < 0 ? nil : (0..<Int(count)).map { Tensor(owning: results[$0]!) }
      }
    }
    guard let found else {
      let shapes = arguments.flatMap(\.tensorShapes).map { "\($0)" }.joined(separator: ", ")
      throw Libtorch.failure(shapes.isEmpty ? name : "\(name) on \(shapes)")
    }
    return found
  }
}

extension Argument {
  fileprivate var tensorShapes: [[Int]] {
    switch self {
    case .tensor(let tensor?): [tensor.shape]
    case .tensors(let tensors): tensors.map(\.shape)
    default: []
    }
  }
}

/// The C form of a call's arguments; owns the memory of lists and strings until the call is over.
private final class Arena {
  let values: UnsafeMutablePointer<CTorchValue>
  private var blocks: [UnsafeMutableRawPointer] = []

  init(_ arguments: [Argument]) {
    values = .allocate(capacity: max(1, arguments.count))
    for (index, argument) in arguments.enumerated() {
      var value = CTorchValue(kind: CTorchDefault, count: 0, integer: 0, number: 0, pointer: nil)
      switch argument {
      case .schemaDefault, .device(nil), .dtype(nil):
        break
      case .none:
        value.kind = CTorchNone
      case .tensor(let tensor):
        value.kind = tensor == nil ? CTorchNone : CTorchTensorValue
        value.pointer = tensor.map { UnsafeRawPointer($0.handle) }
      case .int(let integer):
        value.kind = CTorchInt
        value.integer = Int64(integer)
      case .double(let number):
        value.kind = CTorchDouble
        value.number = number
      case .bool(let flag):
        value.kind = CTorchBool
        value.integer = flag ? 1 : 0
      case .string(let text):
        value.kind = CTorchString
        value.pointer = copy(Array(text.utf8CString))
      case .ints(let integers):
        value.kind = CTorchIntList
        value.count = Int64(integers.count)
        value.pointer = copy(integers.map(Int64.init))
      case .doubles(let numbers):
        value.kind = CTorchDoubleList
        value.count = Int64(numbers.count)
        value.pointer = copy(numbers)
      case .tensors(let tensors):
        value.kind = CTorchTensorList
        value.count = Int64(tensors.count)
        value.pointer = copy(tensors.map(\.handle))
      case .optionalTensors(let tensors):
        value.kind = CTorchOptionalTensorList
        value.count = Int64(tensors.count)
        value.pointer = copy(tensors.map { $0?.handle })
      case .dtype(let dtype?):
        value.kind = CTorchInt
        value.integer = Int64(dtype.scalarType)
      case .device(let device?):
        value.kind = CTorchDevice
        value.integer = device.seamIndex
      }
      values[index] = value
    }
  }

  private func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeRawPointer? {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, elements.count * MemoryLayout<Element>.stride), alignment: 16)
    elements.withUnsafeBytes {
      if let first = $0.baseAddress { block.copyMemory(from: first, byteCount: $0.count) }
    }
    blocks.append(block)
    return UnsafeRawPointer(block)
  }

  deinit {
    values.deallocate()
    for block in blocks { block.deallocate() }
  }
}
