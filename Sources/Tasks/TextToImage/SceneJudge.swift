internal import Families
internal import Foundation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// What a picture shows, by a network that shares nothing with the models that draw: it learned from rendered scenes, and
/// knows P(attribute | picture) alone.
struct SceneJudge: Sendable {
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("text-to-image-judge", "a judge of text-to-image")

    var side: Int
    var network: ConvolutionalClassifier.Configuration
  }

  let description: Description
  let network: ConvolutionalClassifier

  /// With fresh weights.
  init(_ description: Description) throws {
    self.description = description
    network = try ConvolutionalClassifier(description.network)
  }

  init(contentsOf file: URL) throws {
    try self.init(Description(contentsOf: file))
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  /// Scores of every choice of every list, one after the other, `[N, 53]`, of `[N, 3, H, W]` over 0…1.
  func scores(_ x: Tensor) throws -> Tensor { try network(x * 2 - 1) }

  /// Log probabilities of every choice of every list, for each picture of `[N, 3, H, W]` over 0…1.
  func logProbabilities(_ x: Tensor) throws -> [[[Double]]] {
    try Autograd.disabled {
      let scores = try scores(x)
      var start = 0
      let lists = try SceneAttributes.sizes.map { size -> [Float] in
        defer { start += size }
        return try scores.narrow(1, start: start, length: size).logSoftmax(1).contiguous().floats()
      }
      return (0..<x.shape[0]).map { row in
        zip(lists, SceneAttributes.sizes).map { list, size in
          list[row * size..<(row + 1) * size].map(Double.init)
        }
      }
    }
  }

  /// What each picture shows.
  func verdicts(_ x: Tensor) throws -> [Scene] {
    try logProbabilities(x).map { logs in
      let kind = SceneKind.allCases.max { logs[0][Self.place($0)] < logs[0][Self.place($1)] } ?? .table
      return SceneAttributes.scenes(logs, kind: kind, most: 1)[0].scene
    }
  }

  /// The scenes that come into question for a picture, the most probable first.
  /// - Parameter logs: of one picture, as `logProbabilities` gives them.
  static func candidates(_ logs: [[Double]], most: Int) -> [Scene] {
    let all = SceneKind.allCases.flatMap { SceneAttributes.scenes(logs, kind: $0, most: most) }
    return all.sorted { $0.log > $1.log }.prefix(most).map(\.scene)
  }

  private static func place(_ kind: SceneKind) -> Int { SceneKind.allCases.firstIndex(of: kind) ?? 0 }
}

extension SceneJudge.Description {
  var isPlausible: Bool {
    (8...512).contains(side) && network.pictureChannels == 3
      && network.classes == SceneAttributes.sizes.reduce(0, +) && network.isPlausible
  }
}
