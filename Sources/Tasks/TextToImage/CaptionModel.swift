internal import Conditioners
internal import Families
public import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// A model of P(picture | caption), by diffusion.
///
/// Pictures are `[C, side, side]` over 0…1: red, green and blue, or those times alpha, and alpha.
public struct CaptionModel: Sendable {
  /// What is stored beside the weights.
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("text-to-image", "a model of text-to-image")

    /// Words that the model knows, in the order of its weights.
    var words: [String]
    /// What is drawn from where no caption is given; nil for models of scenes, whose grammar says it.
    var captions: [String]?
    /// Pixels of a picture's width and height.
    var side: Int
    var network: CaptionedNetwork.Configuration
    var family: DiffusionFamily.Configuration
    var sampler: DiffusionFamily.SamplerSettings
    /// How well pictures that were not trained on are explained by their own captions.
    var typicality: Typicality?
  }

  let description: Description
  let network: CaptionedNetwork
  let family: DiffusionFamily

  /// With fresh weights.
  init(_ description: Description) throws {
    try self.init(description, CaptionedNetwork(description.network))
  }

  private init(_ description: Description, _ network: CaptionedNetwork) {
    (self.description, self.network) = (description, network)
    let packed = PackedUNet(network.picture, height: description.side, width: description.side)
    var family = DiffusionFamily(
      description.family, sampleShape: [description.channels, description.side, description.side],
      settings: description.sampler, summary: { try network.summary($0, $1, $2) },
      drawing: { try packed($0, $1, $2.global, text: network.words($2)) },
      backbone: { try network($0, $1, $2) })
    family.bounds = 0...1
    self.family = family
  }

  /// The same weights with another sampler.
  func drawing(by sampler: DiffusionFamily.SamplerSettings) -> CaptionModel {
    var description = description
    description.sampler = sampler
    return CaptionModel(description, network)
  }

  /// The same weights that know how pictures of their own kind look to them.
  func calibrated(_ typicality: Typicality) -> CaptionModel {
    var description = description
    description.typicality = typicality
    return CaptionModel(description, network)
  }

  /// Reads a `.safetensors` file made by `pipeline train text-to-image`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    let description = try Description(contentsOf: file)
    guard !description.isOfScenes || description.words == SceneVocabulary.words else {
      throw TensorError(
        "\(file.lastPathComponent) knows other words than this version of the tool; train it anew")
    }
    try self.init(description)
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }
}

extension CaptionModel.Description {
  /// Whether pictures are scenes of the grammar; of other captions no attributes are known.
  var isOfScenes: Bool { network.attributes != nil }

  /// Of a picture: 3, or 4 with alpha.
  var channels: Int { network.picture.pictureChannels }

  var vocabulary: CaptionVocabulary {
    isOfScenes
      ? SceneVocabulary.known
      : PictureSource.vocabulary(words: words, longest: network.text.length - 1)
  }

  var isPlausible: Bool {
    let (text, picture) = (network.text, network.picture)
    return (1...100_000).contains(words.count) && captions != []
      && (network.attributes ?? []).allSatisfy { (1...1000).contains($0) } && network.questions <= 100
      && text.vocabulary == words.count + network.questions + Int(CaptionTokens.first)
      && text.isPlausible && text.length >= 2 + network.questions && (1...512).contains(side)
      && family.deviation > 0
      && sampler.isPlausible && (typicality?.isPlausible ?? true)
      && (3...4).contains(picture.pictureChannels) && picture.condition == network.global
      && picture.sequence == text.width
      && picture.isPlausible(height: side, width: side)
  }
}
