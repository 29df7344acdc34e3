import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// Weights' files: written, read back, and refused.
struct ModelFileTests {
  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("weights.safetensors")
    let model = try Synthetic.model(channels: 5, blocks: 1, scale: 3)
    try model.write(to: file, notes: ["recipe": "none"])
    let read = try SuperResolutionModel(contentsOf: file)
    #expect(read.network.trunk.configuration == model.network.trunk.configuration)
    #expect(read.loss == .squared)
    let (before, after) = (try model.network.weights(), try read.network.weights())
    #expect(try after.mapValues { try $0.bytes() } == before.mapValues { try $0.bytes() })
    #expect(try Safetensors(contentsOf: file).metadata["recipe"] == "none")
    let picture = try Tensor.uniform([3, 9, 8])
    #expect(try Upscaler(model: read)(picture).bytes() == Upscaler(model: model)(picture).bytes())
  }

  @Test func sameModelSameFile() throws {
    let model = try Synthetic.model()
    #expect(try model.weights(notes: ["a": "b"]).encoded() == model.weights(notes: ["a": "b"]).encoded())
  }

  @Test func namesAreThoseOfPyTorch() throws {
    #expect(
      try Synthetic.model(blocks: 1).weights(notes: [:]).names == [
        "trunk.body.0.conv1.bias", "trunk.body.0.conv1.weight", "trunk.body.0.conv2.bias",
        "trunk.body.0.conv2.weight", "trunk.head.bias", "trunk.head.weight", "trunk.tail.bias",
        "trunk.tail.weight",
      ])
  }

  private func message(_ change: (inout Safetensors) throws -> Void) throws -> String {
    var file = try Synthetic.model().weights(notes: [:])
    try change(&file)
    let error = try #require(throws: TensorError.self) {
      try SuperResolutionModel(weights: file, name: "weights.safetensors")
    }
    #expect(!error.description.contains("\n"))
    return error.description
  }

  private let otherKind = "weights.safetensors does not hold a super-resolution network of this tool"

  @Test func otherArchitecturesAreRefused() throws {
    #expect(try message { $0.metadata["architecture"] = "another" } == otherKind)
    #expect(try message { $0.metadata = [:] } == otherKind)
    #expect(try message { $0.metadata["configuration"] = "{" } == otherKind)
    #expect(try message { $0.metadata["configuration"] = nil } == otherKind)
  }

  /// No memory is taken on a file's word.
  @Test(arguments: [
    ("channels", 1_000_000), ("channels", 0), ("channels", -1), ("blocks", 1_000_000), ("blocks", -1),
    ("scale", 0),
    ("scale", 99), ("inputs", 1), ("outputs", 4),
  ])
  func implausibleConfigurationsAreRefused(_ key: String, _ value: Int) throws {
    var configuration = ["inputs": 3, "outputs": 3, "channels": 6, "blocks": 2, "scale": 2]
    configuration[key] = value
    let text = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
    #expect(try message { $0.metadata["configuration"] = text } == otherKind)
  }

  @Test func brokenWeightsAreRefused() throws {
    #expect(
      try message { $0.tensors["trunk.tail.bias"] = nil }
        == "weights.safetensors: lacks 'trunk.tail.bias'; these weights belong to another network")
    #expect(
      try message {
        $0.tensors["trunk.tail.bias"] = try HostArray([Float](repeating: .nan, count: 12), shape: [12])
      }
        == "weights.safetensors: weight 'trunk.tail.bias' has NaN or infinite values")
  }

  @Test func missingFile() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) {
      try SuperResolutionModel(contentsOf: folder.url.appendingPathComponent("none.safetensors"))
    }
  }

  @Test func aPictureMustBeGiven() throws {
    let family = try Synthetic.model().family
    let noise = BatchNoise(seed: 0, first: 0, count: 1)
    #expect(throws: TensorError.self) { try family.sample(given: .none, noise: noise) }
  }
}
