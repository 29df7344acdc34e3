public import Families
public import Foundation
internal import MediaTensors
internal import PipelineCore
public import StepInference
public import Torch
public import TorchNN

/// What a file says of a model of sound beside its weights.
public protocol SoundDescription: Codable, Sendable, Equatable {
  /// Of the files, to tell them from others.
  static var architecture: String { get }
  /// Samples a second.
  var sampleRate: Int { get }
  /// What 8-bit activations have to hold.
  var ranges: DilatedRanges? { get set }
  /// Numbers of each frame that the network is told.
  var features: Int { get }
  /// Whether a file's word can be believed before memory is taken for it.
  var isPlausible: Bool { get }
}

/// A model of P(sound | what is to be heard), with all that its file says.
public struct SoundModel<Description: SoundDescription>: Sendable {
  public let description: Description
  public let network: DilatedCausalNetwork
  public let family: WaveformFamily

  /// Samples of a frame.
  public var hop: Int { network.configuration.hop }

  /// With fresh weights.
  init(_ configuration: DilatedCausalNetwork.Configuration, _ description: Description) throws {
    let network = try DilatedCausalNetwork(configuration)
    self.network = network
    self.description = description
    family = WaveformFamily(
      levels: MuLaw.levels, silence: MuLaw.silence, backbone: { try network($0, features: $1) },
      summary: { try network.summary($0, features: $1) })
  }

  /// Reads a `.safetensors` file made by `pipeline train audio-synth`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    let name = file.lastPathComponent
    let header = try Safetensors.readHeader(of: file)
    func decode<Value: Decodable>(_ type: Value.Type, _ key: String) -> Value? {
      header.metadata[key].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
    guard header.metadata[SoundModelKey.architecture] == Description.architecture,
      let description = decode(Description.self, SoundModelKey.description), description.isPlausible,
      let configuration = decode(DilatedCausalNetwork.Configuration.self, SoundModelKey.configuration),
      configuration.isPlausible(for: description)
    else { throw TensorError("\(name) does not hold a model of audio-synth of this tool") }
    try self.init(configuration, description)
    try network.load(Safetensors(contentsOf: file), name: name)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  func weights(notes: [String: String]) throws -> Safetensors {
    var metadata = notes
    metadata[SoundModelKey.architecture] = Description.architecture
    metadata[SoundModelKey.description] = try MetadataText.json(description)
    metadata[SoundModelKey.configuration] = try MetadataText.json(network.configuration)
    return try Safetensors(metadata: metadata, tensors: network.storedWeights())
  }

  /// What the model is drawn from by: with 8-bit products where its file says what they have to hold.
  func steps(_ precision: String) throws -> DilatedSteps {
    let ranges = precision == "int8" ? description.ranges : nil
    return try DilatedSteps(network, precision: ranges.map { .int8($0) } ?? .float32)
  }

  /// The same weights with another description.
  func described(_ description: Description) throws -> SoundModel {
    let other = try SoundModel(network.configuration, description)
    try other.network.load(network.weights(), name: "the model")
    return other
  }
}

private enum SoundModelKey {
  static let architecture = "architecture"
  static let configuration = "configuration"
  static let description = "description"
}

extension DilatedCausalNetwork.Configuration {
  func isPlausible(for description: some SoundDescription) -> Bool {
    levels == MuLaw.levels && (16...512).contains(channels) && channels % 16 == 0
      && (16...1024).contains(skip) && skip % 16 == 0 && (1...64).contains(dilations.count)
      && dilations.allSatisfy { (1...65_536).contains($0) } && features == description.features
      && (1...1024).contains(condition) && (1...4096).contains(hop) && (phases == nil) == (partials == nil)
      && (1...4096).contains(phases ?? 1) && (1...256).contains(partials ?? 1)
      && (description.ranges?.isPlausible(for: self) ?? true)
  }
}
