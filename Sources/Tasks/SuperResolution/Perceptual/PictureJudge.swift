internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// A network that learned to tell small photographs of things apart, for what its layers see: how differently two pictures look
/// to it says more about how they look to people than their pixels do (Johnson et al. 2016, "Perceptual losses for real-time
/// style transfer and super-resolution").
///
/// There are two, trained apart: one that models of super-resolution are trained with, and one that judges them.
struct PictureJudge: Sendable {
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("super-resolution-judge", "a judge of super-resolution")

    var classes: [String]
    var network: ConvolutionalClassifier.Configuration

    var isPlausible: Bool {
      network.isPlausible && network.pictureChannels == 3 && network.classes == classes.count
    }
  }

  let description: Description
  let network: ConvolutionalClassifier

  /// With fresh weights.
  init(_ description: Description) throws {
    self.description = description
    network = try ConvolutionalClassifier(description.network)
  }

  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken, or of another kind.
  init(contentsOf file: URL) throws {
    try self.init(Description(contentsOf: file))
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  /// Of pictures `[N, 3, H, W]` over 0…1.
  var distance: FeatureDistance {
    let network = network
    return FeatureDistance { try network.levels($0 * 2 - 1) }
  }

  /// The judge of the specification's model `name`.
  /// - Throws: `PipelineError` of kind `.usage` where there is none of that name; what reading throws.
  static func named(_ name: String, _ specification: Specification) throws -> PictureJudge {
    try PictureJudge(contentsOf: specification.model(named: name).weights)
  }
}
