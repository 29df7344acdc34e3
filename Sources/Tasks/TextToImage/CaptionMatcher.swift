internal import Foundation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// Pictures and captions as directions of one space, near to each other where they belong together (Radford et al. 2021,
/// "Learning transferable visual models from natural language supervision"). It shares nothing with the models that draw.
struct CaptionMatcher: Sendable {
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("text-to-image-matcher", "a matcher of text-to-image")

    var words: [String]
    var side: Int
    var network: CaptionMatchingNetwork.Configuration

    var vocabulary: CaptionVocabulary {
      PictureSource.vocabulary(words: words, longest: network.text.length - 1)
    }
  }

  let description: Description
  let network: CaptionMatchingNetwork

  /// With fresh weights.
  init(_ description: Description) throws {
    self.description = description
    network = try CaptionMatchingNetwork(description.network)
  }

  init(contentsOf file: URL) throws {
    try self.init(Description(contentsOf: file))
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  /// Directions of captions, `[N, D]`.
  func directions(_ captions: [String]) throws -> Tensor {
    let vocabulary = description.vocabulary
    return try network.directions(captions.map { vocabulary.tokens($0).indices })
  }

  /// How near each picture of `[N, 4, H, W]` over 0…1 is to each of K directions, `[N, K]` over −1…1.
  func nearness(_ x: Tensor, _ captions: Tensor) throws -> Tensor {
    try network.directions(x).matmul(captions.permuted([1, 0]))
  }
}

/// Convolutions over pictures and a transformer over captions that end in directions of the same space.
final class CaptionMatchingNetwork: Module {
  struct Configuration: Codable, Sendable, Equatable {
    var text: TextEncoder.Configuration
    /// Its classes are the space's dimensions.
    var picture: ConvolutionalClassifier.Configuration
  }

  let text: TextEncoder
  let out: Linear
  let picture: ConvolutionalClassifier
  private let length: Int

  init(_ configuration: Configuration) throws {
    text = try TextEncoder(configuration.text)
    out = try Linear(configuration.text.width, configuration.picture.classes)
    picture = try ConvolutionalClassifier(configuration.picture)
    length = configuration.text.length
  }

  /// Of pictures `[N, C, H, W]` over 0…1, `[N, D]`.
  func directions(_ x: Tensor) throws -> Tensor { try Self.unit(picture(x * 2 - 1)) }

  /// Of places in the vocabulary, `[N, D]`.
  func directions(_ captions: [[Int]]) throws -> Tensor {
    let tokens = try CaptionTokens(captions, length: length)
    return try Self.unit(out(text(tokens.places, mask: tokens.mask).mean))
  }

  private static func unit(_ x: Tensor) throws -> Tensor {
    try x / (x.squared().sum([1], keepAxes: true) + 1e-6).squareRoot()
  }

  var hiddenWeights: [Parameter] { picture.hiddenWeights + text.hiddenWeights }
}

extension CaptionMatcher.Description {
  var isPlausible: Bool {
    let (text, picture) = (network.text, network.picture)
    return (8...512).contains(side) && text.vocabulary == words.count + Int(CaptionTokens.first)
      && text.isPlausible && picture.pictureChannels == 4 && picture.isPlausible
  }
}
