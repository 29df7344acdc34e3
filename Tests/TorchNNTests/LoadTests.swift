import TestSupport
import Testing
import Torch
import TorchNN

/// Weights go in whole and right, or not at all.
struct LoadTests {
  private let block: ResidualBlock
  private let good: [String: Tensor]

  init() throws {
    block = try ResidualBlock(channels: 2)
    let other = try ResidualBlock(channels: 2)
    try other.initialize(seed: 5)
    good = try other.weights()
  }

  private func message(_ change: (inout [String: Tensor]) throws -> Void) throws -> String {
    var weights = good
    try change(&weights)
    let before = try block.weights().mapValues { try $0.bytes() }
    let error = try #require(throws: TensorError.self) { try block.load(weights, name: "file.safetensors") }
    #expect(!error.description.contains("\n"))
    #expect(try block.weights().mapValues { try $0.bytes() } == before)
    return error.description
  }

  @Test func missing() throws {
    let text = try message { $0["conv1.bias"] = nil }
    #expect(text == "file.safetensors: lacks 'conv1.bias'; these weights belong to another network")
  }

  @Test func unexpected() throws {
    let text = try message { $0["conv3.bias"] = try .zeros([2]) }
    #expect(text == "file.safetensors: has the unknown 'conv3.bias'; these weights belong to another network")
  }

  @Test func longListsAreShortened() throws {
    let text = try message { weights in
      weights = try Dictionary(uniqueKeysWithValues: weights.map { ("module.\($0)", try $1.cloned()) })
    }
    #expect(
      text
        == "file.safetensors: lacks 'conv1.bias', 'conv1.weight', 'conv2.bias' and 1 more and has the unknown "
        + "'module.conv1.bias', 'module.conv1.weight', 'module.conv2.bias' and 1 more; "
        + "these weights belong to another network")
  }

  @Test func misshapen() throws {
    let text = try message { $0["conv2.weight"] = try .zeros([2, 2, 5, 5]) }
    #expect(
      text
        == "file.safetensors: weight 'conv2.weight' has shape [2, 2, 5, 5] where the network wants [2, 2, 3, 3]"
    )
  }

  @Test(arguments: [Float.nan, .infinity]) func notFinite(_ value: Float) throws {
    let text = try message { $0["conv2.bias"] = try Tensor([0, value], shape: [2]) }
    #expect(text == "file.safetensors: weight 'conv2.bias' has NaN or infinite values")
  }

  @Test func otherTypesAreConverted() throws {
    try block.load(good.mapValues { try $0.to(.float64) }, name: "file.safetensors")
    #expect(block.conv1.weight.value.dtype == .float32)
    #expect(try block.conv1.weight.value.bytes() == good["conv1.weight"]!.bytes())
  }

  /// Two modules with the same weights are trained apart.
  @Test func loadedWeightsAreCopies() throws {
    try block.load(good, name: "file.safetensors")
    let before = try good["conv1.weight"]!.bytes()
    try block.conv1.weight.value.add_(.full([], 1))
    #expect(try good["conv1.weight"]!.bytes() == before)
  }
}
