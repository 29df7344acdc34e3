public import Torch

extension Module {
  /// The weights by name, as in PyTorch's `state_dict()`.
  public func weights() throws -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: namedParameters.map { ($0.name, $0.parameter.value) })
  }

  /// Copies `weights`, whose names and shapes must be exactly this module's.
  /// - Throws: `TensorError` that names the missing, unexpected or misshapen weights.
  public func load(_ weights: [String: Tensor], name: String) throws {
    let parameters = namedParameters
    let known = Set(parameters.map(\.name))
    let missing = known.subtracting(weights.keys).sorted()
    let unexpected = Set(weights.keys).subtracting(known).sorted()
    guard missing.isEmpty, unexpected.isEmpty else {
      let parts = [
        missing.isEmpty ? nil : "lacks \(Self.shortened(missing))",
        unexpected.isEmpty ? nil : "has the unknown \(Self.shortened(unexpected))",
      ].compactMap { $0 }
      throw TensorError(
        "\(name): \(parts.joined(separator: " and ")); these weights belong to another network")
    }
    for (key, parameter) in parameters {
      guard let weight = weights[key] else { continue }
      guard weight.shape == parameter.value.shape else {
        throw TensorError(
          "\(name): weight '\(key)' has shape \(weight.shape) where the network wants \(parameter.value.shape)"
        )
      }
      guard try weight.isFinite() else {
        throw TensorError("\(name): weight '\(key)' has NaN or infinite values")
      }
    }
    for (key, parameter) in parameters {
      // A copy, so that training this module leaves the caller's tensors as they are.
      parameter.value = try weights[key]!.to(parameter.value.dtype).to(device: parameter.value.device)
        .detached()
        .cloned()
    }
  }

  private static func shortened(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
