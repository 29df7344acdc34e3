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
    var sampleShape: [Int] { [channels, height, width] }
  }

  public let description: Description
  public let module: any Module
  public let sampler: any Sampling
  public let density: (any DensityModel)?
  public let completer: (any Completing)?
  public let encoder: (any Encoding)?
  private let architecture: Architecture

  /// What the module is made of.
  enum Architecture: Sendable {
    case mixture(ClassMixture.Configuration)
    case diffusion(
      UNet.Configuration, DiffusionFamily.Configuration, DiffusionFamily.SamplerSettings)
  }

  private enum Key {
    static let architecture = "architecture"
    static let configuration = "configuration"
    static let description = "description"
    static let family = "family"
    static let sampler = "sampler"
  }
  private static let mixtureArchitecture = "class-image-mixture"
  private static let diffusionArchitecture = "class-image-diffusion"

  init(mixture: ClassMixture, description: Description) {
    let family = MixtureFamily(mixture, sampleShape: description.sampleShape)
    self.description = description
    module = mixture
    sampler = family
    density = family
    completer = family
    encoder = family
    architecture = .mixture(mixture.configuration)
  }

  init(
    unet: UNet, diffusion: DiffusionFamily.Configuration, settings: DiffusionFamily.SamplerSettings,
    description: Description
  ) {
    self.description = description
    module = unet
    sampler = DiffusionFamily(diffusion, sampleShape: description.sampleShape, settings: settings) {
      try unet($0, time: $1, global: $2)
    }
    density = nil
    completer = nil
    encoder = nil
    architecture = .diffusion(unet.configuration, diffusion, settings)
  }

  /// Reads a `.safetensors` file made by `pipeline train class-image`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    let name = file.lastPathComponent
    let header = try Safetensors.readHeader(of: file)
    func decoded<Value: Decodable>(_ key: String, as type: Value.Type) -> Value? {
      header.metadata[key].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
    let stranger = TensorError("\(name) does not hold a model of class-image of this tool")
    guard let description = decoded(Key.description, as: Description.self), description.isPlausible else {
      throw stranger
    }
    let module: any Module
    switch header.metadata[Key.architecture] {
    case Self.mixtureArchitecture:
      guard let configuration = decoded(Key.configuration, as: ClassMixture.Configuration.self),
        configuration.isPlausible(for: description)
      else { throw stranger }
      let mixture = try ClassMixture(configuration)
      module = mixture
      self.init(mixture: mixture, description: description)
    case Self.diffusionArchitecture:
      guard let configuration = decoded(Key.configuration, as: UNet.Configuration.self),
        configuration.isPlausible(for: description),
        let family = decoded(Key.family, as: DiffusionFamily.Configuration.self), family.deviation > 0,
        let settings = decoded(Key.sampler, as: DiffusionFamily.SamplerSettings.self),
        (1...10_000).contains(settings.steps)
      else { throw stranger }
      let unet = try UNet(configuration)
      module = unet
      self.init(unet: unet, diffusion: family, settings: settings, description: description)
    default: throw stranger
    }
    try module.load(Safetensors(contentsOf: file).tensors.mapValues { try Tensor($0) }, name: name)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  public func weights(notes: [String: String]) throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    var metadata = notes
    metadata[Key.description] = try json(description)
    switch architecture {
    case .mixture(let configuration):
      metadata[Key.architecture] = Self.mixtureArchitecture
      metadata[Key.configuration] = try json(configuration)
    case .diffusion(let configuration, let family, let settings):
      metadata[Key.architecture] = Self.diffusionArchitecture
      metadata[Key.configuration] = try json(configuration)
      metadata[Key.family] = try json(family)
      metadata[Key.sampler] = try json(settings)
    }
    return try Safetensors(
      metadata: metadata, tensors: module.weights().mapValues { try $0.to(device: .cpu).hostArray() })
  }

  /// The same model with another description.
  func described(_ description: Description) -> ClassImageModel {
    switch (module, architecture) {
    case (let mixture as ClassMixture, _): ClassImageModel(mixture: mixture, description: description)
    case (let unet as UNet, .diffusion(_, let family, let settings)):
      ClassImageModel(unet: unet, diffusion: family, settings: settings, description: description)
    default: self
    }
  }

  /// The same model with other ways to draw.
  /// - Returns: nil for a family that draws at once.
  func drawing(_ change: (inout DiffusionFamily.SamplerSettings) throws -> Void) rethrows -> ClassImageModel?
  {
    guard let unet = module as? UNet, case .diffusion(_, let family, var settings) = architecture else {
      return nil
    }
    try change(&settings)
    return ClassImageModel(unet: unet, diffusion: family, settings: settings, description: description)
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
      && [1, 3].contains(channels) && (typicality?.isPlausible ?? true) && (1...1024).contains(height)
      && (1...1024).contains(width)
  }
}

extension ClassMixture.Configuration {
  fileprivate func isPlausible(for description: ClassImageModel.Description) -> Bool {
    classes == description.classes.count && dimensions == description.dimensions
      && (1...256).contains(components) && (1...256).contains(rank)
      && classes * components * dimensions <= (1 << 28) / rank
  }
}

extension UNet.Configuration {
  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    let divisor = patch << max(0, channels.count - 1)
    return (1...16).contains(patch) && (1...6).contains(channels.count) && (1...16).contains(blocks)
      && pictureChannels == description.channels && condition == description.classes.count
      && (2...4096).contains(embedding) && embedding % 2 == 0 && (1...256).contains(groups)
      && (1...64).contains(heads)
      && channels.allSatisfy { (1...1024).contains($0) && $0 % groups == 0 }
      && channels[channels.count - 1] % heads == 0
      && description.height % divisor == 0 && description.width % divisor == 0
  }
}
