public import Conditioners
public import Families
public import Foundation
internal import MediaTensors
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
    /// Of held-out pictures, to know strange ones by; nil for a family without a density.
    public var typicality: Typicality?

    public var dimensions: Int { channels * height * width }
    public var sampleShape: [Int] { [channels, height, width] }
  }

  /// What a family can do.
  public struct Parts: Sendable {
    public var module: any Module
    /// The parameters that Muon takes.
    var hidden: [Parameter] = []
    public var trainable: (any Trainable)?
    public var sampler: (any Sampling)?
    public var density: (any DensityModel)?
    public var completer: (any Completing)?
    public var encoder: (any Encoding)?
    public var inverter: (any Inverting)?
    /// P(y | x) without a density.
    public var classifier: (any Classifying)?
    /// Whether the density is of grey levels themselves, so that noise inside them changes nothing.
    public var countsLevels = false
    /// Whether a draw is the same whatever number of draws is worked on together; others are drawn in chunks of one size.
    public var drawsInAnyNumber = false
    /// Whether densities of a thousand pictures of all classes take seconds, not hours.
    var hasCheapDensity = true
    /// Draws of noise inside the grey levels for the score of one picture.
    var dequantizations = 16
    /// Pictures that an evaluation scores at most, and those that are worked on together.
    var scoredPictures = 1_000_000
    var densityChunk = 100
    /// Whether the upper or the lower half may be missing.
    var missingHalves: (upper: Bool, lower: Bool) = (false, false)
    /// Nats of each pixel given those before it, `[N, H, W]`.
    public var surprise: (@Sendable (_ x: Tensor, _ conditioning: Conditioning) throws -> Tensor)?
  }

  public let description: Description
  public let parts: Parts
  let architecture: any ClassImageArchitecture

  public var module: any Module { parts.module }
  public var sampler: (any Sampling)? { parts.sampler }
  public var density: (any DensityModel)? { parts.density }
  public var completer: (any Completing)? { parts.completer }
  public var encoder: (any Encoding)? { parts.encoder }

  private enum Key {
    static let architecture = "architecture"
    static let configuration = "configuration"
    static let description = "description"
  }

  /// The families whose files are known.
  static let architectures: [any ClassImageArchitecture.Type] = [
    MixtureArchitecture.self, AutoregressiveArchitecture.self, FlowArchitecture.self,
    VariationalArchitecture.self, AdversarialArchitecture.self, DiffusionArchitecture.self,
    DiscriminativeArchitecture.self,
  ]

  /// With fresh weights.
  init(_ architecture: some ClassImageArchitecture, description: Description) throws {
    self.architecture = architecture
    self.description = description
    parts = try architecture.parts(description)
  }

  private init(_ architecture: any ClassImageArchitecture, _ description: Description, _ parts: Parts) {
    self.architecture = architecture
    self.description = description
    self.parts = parts
  }

  /// Reads a `.safetensors` file made by `pipeline train class-image`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    let name = file.lastPathComponent
    let header = try Safetensors.readHeader(of: file)
    let decoder = JSONDecoder()
    guard let text = header.metadata[Key.description],
      let description = try? decoder.decode(Description.self, from: Data(text.utf8)), description.isPlausible,
      let kind = header.metadata[Key.architecture],
      let type = Self.architectures.first(where: { $0.name == kind }),
      let configuration = header.metadata[Key.configuration],
      let architecture = try? type.decoded(decoder, Data(configuration.utf8)),
      architecture.isPlausible(for: description)
    else { throw TensorError("\(name) does not hold a model of class-image of this tool") }
    self.init(architecture, description, try architecture.parts(description))
    try module.load(Safetensors(contentsOf: file), name: name)
  }

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  public func weights(notes: [String: String]) throws -> Safetensors {
    var metadata = notes
    metadata[Key.description] = try MetadataText.json(description)
    metadata[Key.architecture] = type(of: architecture).name
    metadata[Key.configuration] = try MetadataText.json(architecture)
    return try Safetensors(metadata: metadata, tensors: module.storedWeights())
  }

  /// The same model with another description.
  func described(_ description: Description) -> ClassImageModel {
    ClassImageModel(architecture, description, parts)
  }

  /// The same model with other ways to draw.
  /// - Returns: nil for a family that draws at once.
  func drawing(_ change: (inout DiffusionFamily.SamplerSettings) throws -> Void) rethrows -> ClassImageModel?
  {
    guard var diffusion = architecture as? DiffusionArchitecture, let unet = module as? UNet else {
      return nil
    }
    try change(&diffusion.sampler)
    return ClassImageModel(diffusion, description, diffusion.parts(description, unet))
  }

  /// What draws, with so many threads for one chunk where it can use them.
  public func sampler(threads: Int) -> (any Sampling)? {
    guard var diffusion = sampler as? DiffusionFamily else { return sampler }
    diffusion.threads = threads
    return diffusion
  }

  /// Draws that are worked on together when `count` are wanted of so many workers.
  /// - Parameter chunk: as the specification has it.
  public func drawnTogether(_ count: Int, workers: Int, chunk: Int) -> Int {
    parts.drawsInAnyNumber ? min(chunk, (count + workers - 1) / workers) : chunk
  }

  /// The same model with so many sampling steps; itself for 0, or where it draws at once.
  public func drawing(steps: Int) -> ClassImageModel {
    guard steps > 0 else { return self }
    return drawing { $0.steps = steps } ?? self
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
    let level = try counted.to(.float64).unsqueezed(1) * -Foundation.log(256)
    if let together = density as? any ClassDensityModel {
      return try together.classLogDensities(
        x, known: known, classes: description.classes.count, noise: noise) + level
    }
    let conditioner = ClassConditioner(classes: description.classes)
    let columns = try description.classes.indices.map { label in
      let given = try conditioner([Int](repeating: label, count: x.shape[0]))
      return try density.logDensity(x, known: known, given: given, noise: noise).values
    }
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

extension ClassImageModel.Parts {
  /// Whether the rows `missing` can be summed over within reason.
  func canMiss(_ missing: Range<Int>, of height: Int) -> Bool {
    missing.lowerBound == 0 ? missingHalves.upper : missingHalves.lower
  }
}
