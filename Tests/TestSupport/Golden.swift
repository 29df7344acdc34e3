public import Foundation
public import Torch

/// Tensors that Python computed; the script that makes them again lies beside each file.
public struct Golden {
  private let file: Safetensors
  private let name: String

  /// Reads `Golden/NAME.safetensors` of a test bundle.
  public init(_ name: String, _ bundle: Bundle) throws {
    guard let url = bundle.url(forResource: name, withExtension: "safetensors", subdirectory: "Golden") else {
      throw TensorError("Golden/\(name).safetensors is not in the test bundle")
    }
    self.name = name
    file = try Safetensors(contentsOf: url)
  }

  public func callAsFunction(_ key: String) throws -> Tensor {
    guard let array = file.tensors[key] else { throw TensorError("\(name).safetensors has no '\(key)'") }
    return try Tensor(array)
  }

  public func doubles(_ key: String) throws -> [Double] {
    try self(key).to(.float64).elements(Double.self)
  }

  /// Tensors whose names begin with `prefix` and a dot, without these: a `state_dict`.
  public func weights(_ prefix: String) throws -> [String: Tensor] {
    try [String: Tensor](
      uniqueKeysWithValues: file.tensors.compactMap { key, array in
        key.hasPrefix(prefix + ".") ? (String(key.dropFirst(prefix.count + 1)), try Tensor(array)) : nil
      })
  }
}
