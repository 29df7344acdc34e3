public import Torch

/// The weights of a file as plain numbers, for engines that need no libtorch.
public struct HostWeights: Sendable {
  private let arrays: [String: (shape: [Int], values: [Float])]
  private let file: String

  /// What `Module.load` reads, to the same values.
  /// - Throws: `FormatError` for elements of another type, `TensorError` for bytes without their scales.
  public init(_ file: Safetensors, name: String) throws {
    self.file = name
    var arrays: [String: (shape: [Int], values: [Float])] = [:]
    let scales = Set(file.tensors.filter { $0.value.dtype == .int8 }.keys.map(Safetensors.scaleName))
    for (key, array) in file.tensors where !scales.contains(key) {
      guard array.dtype == .int8 else {
        arrays[key] = (array.shape, try array.floats())
        continue
      }
      guard let scale = file.tensors[Safetensors.scaleName(key)], let rows = array.shape.first,
        scale.dtype == .float16, scale.shape == [rows]
      else { throw TensorError("\(name): weight '\(key)' is of bytes, and their scales are missing") }
      let (bytes, factors) = (try array.int64s(), try scale.floats())
      let row = bytes.count / max(1, rows)
      arrays[key] = (
        array.shape,
        bytes.enumerated().map { Float(Float16(Float($1) * factors[$0 / max(1, row)])) }
      )
    }
    self.arrays = arrays
  }

  /// - Throws: `TensorError` where there is no such weight, it has another shape, or a number is not finite.
  public func callAsFunction(_ key: String, _ shape: [Int]) throws -> [Float] {
    guard let array = arrays[key] else {
      throw TensorError("\(file): lacks '\(key)'; these weights belong to another network")
    }
    guard array.shape == shape else {
      throw TensorError("\(file): weight '\(key)' has shape \(array.shape) where the network wants \(shape)")
    }
    guard array.values.allSatisfy(\.isFinite) else {
      throw TensorError("\(file): weight '\(key)' has NaN or infinite values")
    }
    return array.values
  }
}
