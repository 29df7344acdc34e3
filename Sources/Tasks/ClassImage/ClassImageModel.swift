public import Conditioners
public import Families
public import Foundation
public import ModelEvaluation
internal import PipelineCore
public import Torch
public import TorchNN

/// One family's model of P(picture | class), with all that its file says.
///
/// Every family sees pictures as `[N, C, H, W]` where grey level v lies in v/256 … (v + 1)/256.
public struct ClassImageModel: Sendable {
  /// What is stored beside the weights.
  public struct Description: Codable, Sendable, Equatable {
    public var classes: [String]
    /// P(y) of each class.
    public var prior: [Double]
    public var channels: Int
    public var height: Int
    public var width: Int
    /// Of log densities per dimension (nats) of P(x) on held-out pictures; nil for a family without a density.
    public var typicality: Typicality?

    public var dimensions: Int { channels * height * width }
  }

  public let description: Description
  public let module: any Module
  public let sampler: any Sampling
  public let density: (any DensityModel)?
  public let completer: (any Completing)?
  public let encoder: (any Encoding)?
  private let configuration: ClassMixture.Configuration

  private enum Key {
    static let architecture = "architecture"
    static let configuration = "configuration"
    static let description = "description"
  }
  private static let mixtureArchitecture = "class-image-mixture"

  init(mixture: ClassMixture, description: Description) {
    let family = MixtureFamily(
      mixture, sampleShape: [description.channels, description.height, description.width])
    self.description = description
    module = mixture
    sampler = family
    density = family
    completer = family
    encoder = family
    configuration = mixture.configuration
  }

  /// Reads a `.safetensors` file made by `pipeline train class-image`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    let name = file.lastPathComponent
    let header = try Safetensors.readHeader(of: file)
    func decoded<Value: Decodable>(_ key: String, as type: Value.Type) -> Value? {
      header.metadata[key].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
    guard header.metadata[Key.architecture] == Self.mixtureArchitecture,
      let configuration = decoded(Key.configuration, as: ClassMixture.Configuration.self),
      let description = decoded(Key.description, as: Description.self),
      description.isPlausible, configuration.isPlausible(for: description)
    else { throw TensorError("\(name) does not hold a model of class-image of this tool") }
    let mixture = try ClassMixture(configuration)
    try mixture.load(Safetensors(contentsOf: file).tensors.mapValues { try Tensor($0) }, name: name)
    self.init(mixture: mixture, description: description)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  public func weights(notes: [String: String]) throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var metadata = notes
    metadata[Key.architecture] = Self.mixtureArchitecture
    metadata[Key.configuration] = String(decoding: try encoder.encode(configuration), as: UTF8.self)
    metadata[Key.description] = String(decoding: try encoder.encode(description), as: UTF8.self)
    return try Safetensors(metadata: metadata, tensors: module.weights().mapValues { try $0.hostArray() })
  }

  /// The same model with another description.
  func described(_ description: Description) throws -> ClassImageModel {
    guard let mixture = module as? ClassMixture else { return self }
    return ClassImageModel(mixture: mixture, description: description)
  }

  /// log P(x | y) of every class in nats of grey levels, `float64 [N, K]`.
  /// - Parameters:
  ///   - pixels: grey levels, `uint8 [N, C, H, W]`.
  ///   - known: `[N, C, H, W]`, 1 where a pixel is known; nil for all.
  func classLogDensities(_ pixels: Tensor, known: Tensor?, noise: BatchNoise) throws -> Tensor {
    guard let density else { throw TensorError("this model has no density") }
    let x = try LabelledImages.dequantized(pixels, noise: noise)
    // A density over numbers 1/256 apart, to the probability of a level.
    let counted =
      try known?.to(.float64).sum([1, 2, 3]) ?? .full([x.shape[0]], Double(description.dimensions))
    let conditioner = ClassConditioner(classes: description.classes)
    let columns = try description.classes.indices.map { label in
      let given = try conditioner([Int](repeating: label, count: x.shape[0]))
      return try density.logDensity(x, known: known, given: given, noise: noise).values
    }
    let level = try counted.to(.float64).unsqueezed(1) * -Foundation.log(256)
    return try Tensor.stack(columns, axis: 1) + level
  }

  /// log P(y), `float64 [K]`.
  var logPrior: Tensor {
    get throws { try Tensor(description.prior, shape: [description.prior.count]).log() }
  }
}

extension ClassImageModel.Description {
  /// Whether a file's word can be believed before memory is taken for it.
  fileprivate var isPlausible: Bool {
    (2...1000).contains(classes.count) && prior.count == classes.count && Set(classes).count == classes.count
      && prior.allSatisfy { $0 > 0 && $0 <= 1 } && abs(prior.reduce(0, +) - 1) < 1e-6
      && (1...4).contains(channels) && (1...1024).contains(height) && (1...1024).contains(width)
  }
}

extension ClassMixture.Configuration {
  fileprivate func isPlausible(for description: ClassImageModel.Description) -> Bool {
    classes == description.classes.count && dimensions == description.dimensions
      && (1...256).contains(components) && (1...256).contains(rank)
  }
}
