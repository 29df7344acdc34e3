public import Conditioners
internal import Foundation
internal import Samplers
public import Torch

/// P(x | y) by removing noise step by step (Karras et al. 2022, "Elucidating the design space of diffusion-based
/// generative models"), with the backbone injected.
///
/// x is `[N, C, H, W]` of any scale; inside it is centred and divided by its deviation, so that the data's own σ is 1.
public struct DiffusionFamily: Sampling, Trainable, Encoding {
  /// What is stored beside the backbone's weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Of a value of x over the data.
    public var mean: Double
    public var deviation: Double
    /// log σ of training is normal with these (section 5).
    public var trainingMean: Double
    public var trainingDeviation: Double
    /// Share of training samples that are told nothing about y, for guidance (Ho & Salimans 2022).
    public var unconditionalShare: Double

    public init(
      mean: Double, deviation: Double, trainingMean: Double = -0.6, trainingDeviation: Double = 1.2,
      unconditionalShare: Double = 0.1
    ) {
      self.mean = mean
      self.deviation = deviation
      self.trainingMean = trainingMean
      self.trainingDeviation = trainingDeviation
      self.unconditionalShare = unconditionalShare
    }
  }

  /// How draws are made.
  public struct SamplerSettings: Codable, Sendable, Equatable {
    public enum Name: String, Codable, Sendable, CaseIterable {
      case euler, heun, ddim, ancestral
      case dpmSolver = "dpm-solver"
    }

    public var name: Name
    public var steps: Int
    /// w of D = D(x) + w (D(x | y) − D(x)); 1 is the model's own P(x | y).
    public var guidance: Double
    /// σ of the first step, in deviations of the data; nil for 80, at which nothing of a picture is left.
    public var largest: Double?
    /// σ of the last step; nil for 0.002, below any level of a picture.
    public var smallest: Double?

    public init(
      name: Name = .dpmSolver, steps: Int = 12, guidance: Double = 1, largest: Double? = nil,
      smallest: Double? = nil, schedule: Schedule? = nil
    ) {
      self.name = name
      self.steps = steps
      self.guidance = guidance
      self.largest = largest
      self.smallest = smallest
      self.schedule = schedule
    }

    /// How the levels of the steps lie.
    public enum Schedule: String, Codable, Sendable, CaseIterable {
      /// Even in a root of σ, between the largest and the smallest.
      case karras
      /// Even in the time of flow matching's straight paths.
      case straight
    }

    /// nil for `karras`.
    public var schedule: Schedule?

    /// Largest and smallest σ of draws.
    public var range: (largest: Double, smallest: Double) {
      (largest ?? DiffusionFamily.range.largest, smallest ?? DiffusionFamily.range.smallest)
    }

    /// Of the steps, the largest first.
    var levels: NoiseLevels {
      if schedule == .straight { return .straight(steps: steps) }
      return .karras(steps: steps, largest: range.largest, smallest: range.smallest)
    }

    /// Whether draws can be made by them.
    public var isPlausible: Bool {
      let (first, last) = range
      return (1...10_000).contains(steps) && last >= 1e-6 && first <= 1e5 && first >= 1.01 * last
        && guidance.isFinite
    }
  }

  /// F of the noisy `[N, C, H, W]`, ln σ / 4 `[N]` and y, of x's shape.
  public typealias Backbone = @Sendable (_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor

  /// A short vector, `[N, D]`, of the same.
  public typealias Summary = Backbone

  public let configuration: Configuration
  public let sampleShape: [Int]
  public let settings: SamplerSettings
  /// That one batch of draws may use, which are the same for any.
  public var threads = 1
  /// Values that x can have, within which draws are kept at every step, as guidance and few steps lead beyond (Saharia et al.
  /// 2022, "Photorealistic text-to-image diffusion models", section 2.3, static thresholding); nil for any.
  public var bounds: ClosedRange<Double>?
  /// What is squared of an error of x in the loss: linear and invertible, so that the best network is the same, but not what
  /// it learns first; nil for the error itself.
  public var errorMap: (@Sendable (Tensor) throws -> Tensor)?
  /// Largest and smallest σ of densities and inversions: the data are taken to have noise of the latter, which no network can tell
  /// from none that was not trained at less.
  public var flowRange = DiffusionFamily.range
  let backbone: Backbone
  private let drawing: Backbone
  private let summary: Summary?

  /// Largest and smallest σ of draws, in deviations of the data, unless the settings say otherwise.
  static let range = (largest: 80.0, smallest: 0.002)

  /// - Parameter drawing: the same function as `backbone`, without gradients, where draws have a faster one.
  public init(
    _ configuration: Configuration, sampleShape: [Int], settings: SamplerSettings = SamplerSettings(),
    summary: Summary? = nil, drawing: Backbone? = nil, backbone: @escaping Backbone
  ) {
    self.configuration = configuration
    self.sampleShape = sampleShape
    self.settings = settings
    self.backbone = backbone
    self.drawing = drawing ?? backbone
    self.summary = summary
  }

  /// D(z, σ) = z / (1 + σ²) + σ / √(1 + σ²) · F(z / √(1 + σ²), ln σ / 4): table 1 with σ_data = 1.
  /// - Parameter sigma: `[N, 1, 1, 1]`.
  private func denoised(_ z: Tensor, _ sigma: Tensor, _ given: Conditioning) throws -> Tensor {
    let total = try sigma.squared() + 1
    let time = try (sigma.log() / 4).reshaped([sigma.shape[0]])
    let network = try backbone(z / total.squareRoot(), time, given)
    return try z / total + network * (sigma / total.squareRoot())
  }

  /// The same with one σ for all, which leaves nothing to functions that may round by the number of pictures.
  func drawn(_ z: Tensor, _ sigma: Double, _ given: Conditioning) throws -> Tensor {
    let total = 1 + sigma * sigma
    let time = try Tensor.full([z.shape[0]], Foundation.log(sigma) / 4)
    let network = try drawing(z / total.squareRoot(), time, given)
    return try z / total + network * (sigma / total.squareRoot())
  }

  /// What the network takes x for, as draws go on with it.
  func bounded(_ guess: Tensor) throws -> Tensor {
    guard let bounds else { return guess }
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    return try guess.clamped(
      (low - configuration.mean) / configuration.deviation,
      (high - configuration.mean) / configuration.deviation)
  }

  /// σ at which pictures are described, in deviations of the data: where so much noise is expected, the network looks for
  /// what a picture is of (Baranchuk et al. 2022, "Label-efficient semantic segmentation with diffusion models").
  static let summaryLevel = 0.5

  /// What the network makes of x itself, without noise and told nothing about y.
  /// - Throws: `TensorError` for a backbone without a summary.
  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    guard let summary else { throw TensorError("this network gives no summary of a picture") }
    return try Autograd.disabled {
      let z = try (x - configuration.mean) / configuration.deviation
      let level = Self.summaryLevel
      let time = try Tensor.full([x.shape[0]], Foundation.log(level) / 4)
      return try summary(
        z / (1 + level * level).squareRoot(), time,
        conditioning.keeping([Float](repeating: 0, count: x.shape[0])))
    }
  }

  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let z = try (x - configuration.mean) / configuration.deviation
    let count = x.shape[0]
    let device = x.device
    let level = try noise.normal([1, 1, 1], stream: "level").to(device: device)
    let sigma = try (level * configuration.trainingDeviation + configuration.trainingMean).exp()
    let grain = try noise.normal(Array(x.shape.dropFirst()), stream: "grain").to(device: device)
    let kept = noise.samples.indices.map { row -> Float in
      Double(noise.row(row, stream: "unconditional").uniform(count: 1)[0]) < configuration.unconditionalShare
        ? 0 : 1
    }
    let clean = try denoised(z + grain * sigma, sigma, conditioning.keeping(kept))
    // λ(σ) = (σ² + 1) / σ² makes every level's loss of the same size.
    let weight = try (sigma.squared() + 1) / sigma.squared()
    let error = try clean - z
    return try ((errorMap?(error) ?? error).squared() * weight).mean()
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try sample(given: conditioning, against: nil, noise: noise)
  }

  /// - Parameter other: what guidance leads away from; nil for knowing nothing of y.
  public func sample(given conditioning: Conditioning, against other: Conditioning?, noise: BatchNoise) throws
    -> Tensor
  {
    try Autograd.disabled {
      let levels = settings.levels
      let start = try noise.normal(sampleShape, stream: "start") * levels.sigmas[0]
      let isTold = conditioning.global != nil || conditioning.sequence != nil
      let denoiser: Denoiser = { z, sigma in
        guard settings.guidance != 1, isTold else { return try bounded(drawn(z, sigma, conditioning)) }
        // Told and untold are batches of their own, so that a second core has something to do when few are drawn.
        let untold = try other ?? conditioning.keeping([Float](repeating: 0, count: noise.samples.count))
        let half: @Sendable (Int) throws -> Tensor = { half in
          try drawn(z, sigma, half == 0 ? conditioning : untold)
        }
        let halves = try threads > 1 ? ChunkRunner(workers: 2).map(2, half) : (0..<2).map(half)
        return try bounded(halves[1] + (halves[0] - halves[1]) * settings.guidance)
      }
      let fresh: (Int) throws -> Tensor = { try noise.normal(sampleShape, step: $0 + 1, stream: "fresh") }
      let z =
        switch settings.name {
        case .euler: try sampleEuler(start, levels: levels, denoiser: denoiser)
        case .heun: try sampleHeun(start, levels: levels, denoiser: denoiser)
        case .ddim: try sampleDDIM(start, levels: levels, noise: fresh, denoiser: denoiser)
        case .ancestral: try sampleAncestral(start, levels: levels, noise: fresh, denoiser: denoiser)
        case .dpmSolver: try sampleDPMSolver(start, levels: levels, denoiser: denoiser)
        }
      return try z * configuration.deviation + configuration.mean
    }
  }
}
