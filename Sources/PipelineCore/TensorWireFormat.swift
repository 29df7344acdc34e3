public import Foundation
public import Torch

/// An array travels as a safetensors container with one tensor, written as `values`.
extension HostArray: StageValue {
  public static var kind: ValueKind { .tensor }

  public func encodedForPipe() throws -> Data {
    try Safetensors(wire: .tensor, ContainerKey.values, self).encoded()
  }

  /// Takes any safetensors file with exactly one tensor, whatever its name.
  public init(pipe data: Data, name: String) throws {
    let file = try Safetensors(wire: data, as: .tensor, name: name)
    guard file.tensors.count == 1, let array = file.tensors.values.first else {
      throw PipelineError.data("\(name) holds \(file.tensors.count) tensors, where one is wanted")
    }
    self = array
  }
}

/// Names inside the containers that stages write.
enum ContainerKey {
  /// Metadata: a `ValueKind`. Absent from files that others write.
  static let kind = "kind"
  static let pixels = "pixels"
  static let samples = "samples"
  static let values = "values"
}

extension Safetensors {
  /// A container of one tensor.
  init(wire kind: ValueKind, _ key: String, _ array: HostArray, metadata: [String: String] = [:]) {
    self.init(
      metadata: metadata.merging([ContainerKey.kind: kind.rawValue]) { $1 }, tensors: [key: array])
  }

  /// Reads a container of one kind.
  /// - Throws: `PipelineError` of kind `.data` that says what came instead, or what is broken.
  init(wire data: Data, as kind: ValueKind, name: String) throws {
    let contents = PipeContents(data)
    guard contents.mayBe(kind) else {
      throw PipelineError.data(
        "\(name) holds \(contents), where \(kind.phrase) is wanted (\(kind.wireFormat))")
    }
    do { try self.init(data: data, name: name) } catch { throw PipelineError.data("\(error)") }
  }

  /// The one tensor of a container that may hold no other.
  func only(_ key: String, name: String, in kind: ValueKind) throws -> HostArray {
    guard let array = tensors[key], tensors.count == 1 else {
      throw PipelineError.data("\(name) must hold one tensor '\(key)' and no other to be \(kind.phrase)")
    }
    return array
  }
}
