internal import Conditioners
internal import Families
public import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// A model of P(picture | caption), by diffusion.
///
/// Pictures are `[3, side, side]` over 0…1, red, green and blue.
public struct CaptionModel: Sendable {
  /// What is stored beside the weights.
  struct Description: Codable, Sendable, Equatable {
    /// Words that the model knows, in the order of its weights.
    var words: [String]
    /// Pixels of a picture's width and height.
    var side: Int
    var network: CaptionedNetwork.Configuration
    var family: DiffusionFamily.Configuration
    var sampler: DiffusionFamily.SamplerSettings
    /// How well held-out scenes are explained by their own captions.
    var typicality: Typicality?
  }

  let description: Description
  let network: CaptionedNetwork
  let family: DiffusionFamily

  private static let (architecture, key) = ("text-to-image", "description")

  /// With fresh weights.
  init(_ description: Description) throws {
    try self.init(description, CaptionedNetwork(description.network))
  }

  private init(_ description: Description, _ network: CaptionedNetwork) {
    (self.description, self.network) = (description, network)
    let packed = PackedUNet(network.picture, height: description.side, width: description.side)
    family = DiffusionFamily(
      description.family, sampleShape: [3, description.side, description.side],
      settings: description.sampler, summary: { try network.summary($0, $1, $2) },
      drawing: { try packed($0, $1, $2.global, text: network.words($2)) },
      backbone: { try network($0, $1, $2) })
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
    let name = file.lastPathComponent
    let header = try Safetensors.readHeader(of: file)
    guard header.metadata["architecture"] == Self.architecture, let text = header.metadata[Self.key],
      let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8)),
      description.isPlausible
    else { throw TensorError("\(name) does not hold a model of text-to-image of this tool") }
    guard description.words == SceneVocabulary.words else {
      throw TensorError("\(name) knows other words than this version of the tool; train it anew")
    }
    try self.init(description)
    try network.load(Safetensors(contentsOf: file), name: name)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  func weights(notes: [String: String]) throws -> Safetensors {
    var metadata = notes
    metadata["architecture"] = Self.architecture
    metadata[Self.key] = try MetadataText.json(description)
    return try Safetensors(metadata: metadata, tensors: network.storedWeights())
  }
}

extension CaptionModel.Description {
  /// Whether a file's word can be believed before memory is taken for it.
  var isPlausible: Bool {
    let (text, picture) = (network.text, network.picture)
    guard (1...6).contains(picture.channels.count), (1...16).contains(picture.patch) else { return false }
    let divisor = picture.patch << (picture.channels.count - 1)
    return (1...100_000).contains(words.count)
      && text.vocabulary == words.count + Int(CaptionedNetwork.Token.first)
      && (2...1024).contains(text.length) && (1...1024).contains(text.width) && (0...64).contains(text.layers)
      && (1...64).contains(text.heads) && text.width % text.heads == 0
      && (1...512).contains(side) && side % divisor == 0 && family.deviation > 0
      && (1...10_000).contains(sampler.steps) && (typicality?.isPlausible ?? true)
      && picture.pictureChannels == 3
      && picture.condition == text.width && picture.sequence == text.width
      && (1...picture.channels.count).contains(picture.attendingLevels ?? 1)
      && (1...16).contains(picture.blocks) && (2...4096).contains(picture.embedding)
      && picture.embedding % 2 == 0 && (1...256).contains(picture.groups) && (1...64).contains(picture.heads)
      && picture.channels.allSatisfy {
        (1...1024).contains($0) && $0 % picture.groups == 0 && $0 % picture.heads == 0
      }
  }
}
