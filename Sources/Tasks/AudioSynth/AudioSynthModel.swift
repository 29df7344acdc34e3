public import Conditioners
public import Families
public import Foundation
internal import MediaTensors
public import ModelEvaluation
public import StepInference
public import Torch
public import TorchNN

/// A model of P(sound | word, voice), with all that its file says.
public struct AudioSynthModel: Sendable {
  /// How long a voice takes to say a word: the logarithm of its frames is normal.
  public struct Length: Codable, Sendable, Equatable {
    public var mean: Double
    public var deviation: Double
  }

  /// What is stored beside the weights.
  public struct Description: Codable, Sendable, Equatable {
    public var words: [String]
    public var voices: [String]
    /// Samples a second.
    public var sampleRate: Int
    /// Of each word, of each voice.
    public var lengths: [[Length]]
    /// Of held-out recordings, to know strange ones by.
    public var typicality: Typicality?
    /// What 8-bit activations have to hold.
    public var ranges: DilatedRanges?
  }

  public let description: Description
  public let network: DilatedCausalNetwork
  public let family: WaveformFamily

  /// Samples of a frame.
  public var hop: Int { network.configuration.hop }

  public var conditioner: WordConditioner {
    WordConditioner(
      words: description.words, voices: description.voices,
      rate: Double(description.sampleRate) / Double(hop))
  }

  private enum Key {
    static let architecture = "architecture"
    static let configuration = "configuration"
    static let description = "description"
    static let name = "audio-synth-wavenet"
  }

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
    guard header.metadata[Key.architecture] == Key.name,
      let description = decode(Description.self, Key.description), description.isPlausible,
      let configuration = decode(DilatedCausalNetwork.Configuration.self, Key.configuration),
      configuration.isPlausible(for: description)
    else { throw TensorError("\(name) does not hold a model of audio-synth of this tool") }
    try self.init(configuration, description)
    try network.load(Safetensors(contentsOf: file).tensors.mapValues { try Tensor($0) }, name: name)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`; weights as float16.
  func weights(notes: [String: String]) throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var metadata = notes
    metadata[Key.architecture] = Key.name
    metadata[Key.description] = String(decoding: try encoder.encode(description), as: UTF8.self)
    metadata[Key.configuration] = String(
      decoding: try encoder.encode(network.configuration), as: UTF8.self)
    return try Safetensors(
      metadata: metadata,
      tensors: network.weights().mapValues { try $0.to(device: .cpu).to(.float16).hostArray() })
  }

  /// What the model speaks by: with 8-bit products where its file says what they have to hold.
  func steps(_ precision: String) throws -> DilatedSteps {
    let ranges = precision == "int8" ? description.ranges : nil
    return try DilatedSteps(network, precision: ranges.map { .int8($0) } ?? .float32)
  }

  /// The same weights with another description.
  func described(_ description: Description) throws -> AudioSynthModel {
    let other = try AudioSynthModel(network.configuration, description)
    try other.network.load(network.weights(), name: "the model")
    return other
  }

}

extension AudioSynthModel.Description {
  /// Whether a file's word can be believed before memory is taken for it.
  var isPlausible: Bool {
    (1...10_000).contains(words.count) && (1...10_000).contains(voices.count)
      && Set(words).count == words.count && Set(voices).count == voices.count
      && (1000...192_000).contains(sampleRate)
      && (typicality?.isPlausible ?? true) && lengths.count == words.count
      && lengths.allSatisfy { row in
        row.count == voices.count
          && row.allSatisfy { (-5...10).contains($0.mean) && (0...3).contains($0.deviation) }
      }
  }
}

extension DilatedCausalNetwork.Configuration {
  func isPlausible(for description: AudioSynthModel.Description) -> Bool {
    let conditioner = WordConditioner(words: description.words, voices: description.voices, rate: 1)
    return levels == MuLaw.levels && (16...512).contains(channels) && channels % 16 == 0
      && (16...1024).contains(skip) && skip % 16 == 0 && (1...64).contains(dilations.count)
      && dilations.allSatisfy { (1...65_536).contains($0) } && features == conditioner.features
      && (1...1024).contains(condition) && (1...4096).contains(hop)
      && (description.ranges?.isPlausible(for: self) ?? true)
  }
}
