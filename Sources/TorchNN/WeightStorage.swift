public import Torch

/// How weights are rounded for their file.
public enum WeightStorage: String, Codable, Sendable, CaseIterable {
  /// To float16.
  case half
  /// Matrices and filters of 4096 values or more, 64 or more to a row, to bytes times a scale for each row; the rest to
  /// float16. A row is all that one index of the first axis has.
  case int8
}

/// A file holds each weight in the smallest form that loses nothing: as int8 `NAME` with a float16 `NAME.scale [rows]`,
/// where value = float16(byte · scale of its row); as float16; or as it is.
extension Module {
  /// Rounds every weight to what a file gives back.
  public func round(to storage: WeightStorage) throws {
    for (_, parameter) in namedParameters {
      let weight = try parameter.value.detached()
      let half = try weight.to(.float16)
      guard storage == .int8, ByteRows.suit(weight.shape), try half.isFinite() else {
        parameter.value = try half.to(.float32)
        continue
      }
      let rows = try ByteRows(exactly: weight) ?? ByteRows(nearest: weight)
      parameter.value = try rows.values.to(device: weight.device)
    }
  }

  /// The arrays of a file.
  public func storedWeights() throws -> [String: HostArray] {
    var arrays: [String: HostArray] = [:]
    for (name, weight) in try weights() {
      let weight = try weight.detached().to(device: .cpu)
      if ByteRows.suit(weight.shape), let rows = try ByteRows(exactly: weight) {
        arrays[name] = try rows.bytes.hostArray()
        arrays[Safetensors.scaleName(name)] = try rows.scales.hostArray()
      } else {
        let half = try weight.to(.float16)
        let loss = try (half.to(weight.dtype) - weight).abs().maximum().scalar()
        arrays[name] = try (loss == 0 ? half : weight).hostArray()
      }
    }
    return arrays
  }

  /// Copies the weights of a file, whose names and shapes must be exactly this module's.
  /// - Throws: `TensorError` that names the missing, unexpected or misshapen weights or scales.
  public func load(_ file: Safetensors, name: String) throws { try load(file.weights(name), name: name) }
}

extension Safetensors {
  static func scaleName(_ weight: String) -> String { "\(weight).scale" }

  /// The tensors, with bytes and their scales put together.
  fileprivate func weights(_ file: String) throws -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    let bytes = tensors.filter { $0.value.dtype == .int8 }
    let scales = Set(bytes.keys.map(Self.scaleName))
    for (name, array) in tensors where bytes[name] == nil && !scales.contains(name) {
      weights[name] = try Tensor(array)
    }
    for (name, array) in bytes {
      let scaleName = Self.scaleName(name)
      guard let scale = tensors[scaleName] else {
        throw TensorError("\(file): weight '\(name)' is of bytes, and their '\(scaleName)' is missing")
      }
      guard scale.dtype == .float16, scale.shape == Array(array.shape.prefix(1)) else {
        throw TensorError(
          "\(file): '\(scaleName)' is \(scale.dtype) \(scale.shape) where float16 \(Array(array.shape.prefix(1))) "
            + "would be right, one for each row of '\(name)'")
      }
      weights[name] = try ByteRows(bytes: Tensor(array), scales: Tensor(scale)).values
    }
    return weights
  }
}
