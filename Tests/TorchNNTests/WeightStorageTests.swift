import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

/// Weights that are rounded for a file come back from it as they were rounded.
struct WeightStorageTests {
  /// A matrix and a filter that are large enough for bytes, and what is not.
  final class Network: Module {
    let first: Linear
    let second: Conv2d
    let small: Linear
    init() throws {
      first = try Linear(130, 40)
      second = try Conv2d(9, 60, kernel: 3)
      small = try Linear(63, 200)
    }
  }

  private func network(_ seed: UInt64 = 1) throws -> Network {
    let network = try Network()
    try network.initialize(seed: seed)
    return network
  }

  private func bytes(_ network: Network) throws -> [String: Data] {
    try network.weights().mapValues { try $0.bytes() }
  }

  private func file(_ network: Network) throws -> Safetensors {
    let file = try Safetensors(tensors: network.storedWeights())
    return try Safetensors(data: file.encoded(), name: "file.safetensors")
  }

  @Test(arguments: WeightStorage.allCases) func roundTrip(_ storage: WeightStorage) throws {
    let network = try network()
    let before = try bytes(network)
    try network.round(to: storage)
    let rounded = try bytes(network)
    #expect(rounded != before)
    let other = try self.network(2)
    try other.load(file(network), name: "file.safetensors")
    #expect(try bytes(other) == rounded)
    try network.round(to: storage)
    #expect(try bytes(network) == rounded)
    for (_, weight) in try network.weights() {
      #expect(try weight.to(.float16).to(.float32).bytes() == weight.bytes())
    }
  }

  @Test func smallestFormThatLosesNothing() throws {
    let network = try network()
    #expect(try file(network).tensors["second.weight"]?.dtype == .float32)
    try network.round(to: .half)
    #expect(try file(network).tensors.values.allSatisfy { $0.dtype == .float16 })
    try network.round(to: .int8)
    let tensors = try file(network).tensors
    #expect(tensors["first.weight"]?.dtype == .int8 && tensors["first.weight.scale"]?.shape == [40])
    #expect(
      tensors["second.weight"]?.shape == [60, 9, 3, 3] && tensors["second.weight.scale"]?.shape == [60])
    #expect(tensors["first.bias"]?.dtype == .float16 && tensors["small.weight"]?.dtype == .float16)
    #expect(tensors.count == 8)
  }

  /// Less than by the usual scales, which take the largest value to 127.
  @Test func errorsAreSmall() throws {
    let network = try network()
    let exact = try network.first.weight.value.floats()
    try network.round(to: .int8)
    let rounded = try network.first.weight.value.floats()
    var (usual, own) = (Float(0), Float(0))
    for row in 0..<40 {
      let range = row * 130..<(row + 1) * 130
      let scale = exact[range].map(abs).max()! / 127
      for index in range {
        usual += pow((exact[index] / scale).rounded() * scale - exact[index], 2)
        own += pow(rounded[index] - exact[index], 2)
      }
    }
    #expect(own < 0.95 * usual && own > 0.5 * usual)
  }

  /// Rows of every size, of zeros and of numbers so small that their scales are no normal halves: what was rounded is
  /// in bytes without loss, and within three bytes (the largest may be cut off) or float16's least.
  @Test func rowsOfEverySize() throws {
    let network = try network()
    let sizes = (0..<40).map { $0 == 0 ? 0 : Float(pow(1.9, Double($0))) * 1e-9 }
    let values = sizes.flatMap { size in (0..<130).map { Float(($0 * 37) % 130 - 64) / 65 * size } }
    network.first.weight.value = try Tensor(values, shape: [40, 130])
    try network.round(to: .int8)
    let rounded = try network.first.weight.value.floats()
    for (index, (before, after)) in zip(values, rounded).enumerated() {
      #expect(abs(before - after) <= max(3 * sizes[index / 130] / 127, 0x1p-25), "\(before), \(after)")
    }
    let stored = try file(network)
    #expect(stored.tensors["first.weight"]?.dtype == .int8)
    let other = try self.network(2)
    try other.load(stored, name: "file.safetensors")
    #expect(try bytes(other) == bytes(network))
  }

  @Test func brokenWeightsStayBroken() throws {
    let network = try network()
    network.first.weight.value = try .full([40, 130], .nan)
    try network.round(to: .int8)
    #expect(try !network.first.weight.value.isFinite())
  }

  private func message(_ change: (inout Safetensors) throws -> Void) throws -> String {
    let network = try network()
    try network.round(to: .int8)
    var file = try file(network)
    try change(&file)
    let error = try #require(throws: TensorError.self) { try network.load(file, name: "file.safetensors") }
    return error.description
  }

  @Test func scalesAreChecked() throws {
    let scale = "first.weight.scale"
    #expect(
      try message { $0.tensors[scale] = nil }
        == "file.safetensors: weight 'first.weight' is of bytes, and their 'first.weight.scale' is missing")
    #expect(
      try message { $0.tensors[scale] = try HostArray([Float](repeating: 1, count: 40), shape: [40]) }
        == "file.safetensors: 'first.weight.scale' is float32 [40] where float16 [40] would be right, one for each row "
        + "of 'first.weight'")
    #expect(
      try message { $0.tensors[scale] = try Tensor.zeros([1, 40], .float16).hostArray() }
        == "file.safetensors: 'first.weight.scale' is float16 [1, 40] where float16 [40] would be right, one for each "
        + "row of 'first.weight'")
    #expect(
      try message { $0.tensors[scale] = try Tensor.full([40], .infinity, .float16).hostArray() }
        == "file.safetensors: weight 'first.weight' has NaN or infinite values")
    #expect(
      try message { $0.tensors["first.bias.scale"] = try Tensor.zeros([40], .float16).hostArray() }
        == "file.safetensors: has the unknown 'first.bias.scale'; these weights belong to another network")
  }
}
