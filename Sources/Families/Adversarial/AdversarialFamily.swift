public import Conditioners
internal import Foundation
public import Torch

/// P(x | y) as what a generator makes of noise, trained against a discriminator (Goodfellow et al. 2014; conditional:
/// Mirza & Osindero 2014), with both networks injected. It draws and cannot say how probable anything is.
///
/// x is `[N, C, H, W]` over 0…1.
public struct AdversarialFamily: Trainable, Sampling {
  /// What is stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    public var objective: AdversarialObjective
    /// γ of the penalty γ/2 E |∇ₓ D|², on data and on draws (Mescheder et al. 2018, "Which training methods for GANs do
    /// actually converge?", equations 9 and 10); 0 for none.
    public var penalty: Double

    public init(objective: AdversarialObjective = .jensenShannon, penalty: Double = 1) {
      self.objective = objective
      self.penalty = penalty
    }
  }

  /// x of noise `[N, latents]` and y.
  public typealias Generator = @Sendable (_ z: Tensor, _ given: Conditioning) throws -> Tensor
  /// How real x looks given y, `[N, …]`: one number, or one for each part of x.
  public typealias Discriminator = @Sendable (_ x: Tensor, _ given: Conditioning) throws -> Tensor
  /// How far draws are from the x that they were drawn for.
  public typealias Distance =
    @Sendable (
      _ drawn: Tensor, _ x: Tensor, _ given: Conditioning, _ noise: BatchNoise
    ) throws -> Tensor

  public let configuration: Configuration
  public let latents: Int
  /// Whether data are to look more real than draws do on average, and draws than data, instead of real as such
  /// (Jolicoeur-Martineau 2019, "The relativistic discriminator", section 4.2).
  public var isRelative = false
  /// What the generator lowers beside its own objective, and how long the gradient of the latter is, in lengths of this one's, both
  /// with respect to a chunk's draws (as Esser et al. 2021, "Taming transformers", equation 7, balance theirs); nil for nothing.
  public var nearness: (distance: Distance, adversarialShare: Double)?
  private let generator: Generator
  private let discriminator: Discriminator

  public init(
    _ configuration: Configuration, latents: Int, generator: @escaping Generator,
    discriminator: @escaping Discriminator
  ) {
    self.configuration = configuration
    self.latents = latents
    self.generator = generator
    self.discriminator = discriminator
  }

  public var lossNeedsGradients: Bool { true }

  /// Length of the steps by which slopes are measured.
  private static let step = 0.02

  /// The discriminator's loss, whose gradient with respect to the generator is that of the generator's own loss: the
  /// draws enter the former cut off from their graph, and once more times the gradient of the latter.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let drawn = try generator(noise.normal([latents], stream: "latents").to(device: x.device), conditioning)
    let fake = try drawn.detached().requiresGradient(true)
    let count = x.shape[0]
    let twice = try conditioning.repeated(2)
    let both = try Tensor.cat([x, fake.detached()], axis: 0)
    let scores = try discriminator(both, twice)
    let (onReal, onDrawn) = (
      try scores.narrow(0, start: 0, length: count), try scores.narrow(0, start: count, length: count)
    )
    let strife = try generatorLoss(onDrawn: discriminator(fake, conditioning), onReal: onReal.detached())
    let slope = try balanced(
      Autograd.gradients(of: strife, [fake])[0].detached(), fake: fake, x, conditioning, noise)

    var loss = try discriminatorLoss(real: onReal, fake: onDrawn)
    if configuration.penalty > 0 {
      // E (v · ∇D)² over normal v is |∇D|²: no second derivatives are needed.
      let direction = try Tensor.cat(
        [
          noise.normal(Array(x.shape.dropFirst()), stream: "direction of data"),
          noise.normal(Array(x.shape.dropFirst()), stream: "direction of draws"),
        ], axis: 0
      ).to(device: x.device)
      let moved = try discriminator(both + direction * Self.step, twice)
      let slopes = try ((moved - scores) / Self.step).squared().mean()
      // The mean is over data and draws; each has a penalty of its own.
      loss = try loss + slopes * configuration.penalty
    }
    return try loss + (drawn * slope).sum()
  }

  private func discriminatorLoss(real: Tensor, fake: Tensor) throws -> Tensor {
    let objective = configuration.objective
    guard isRelative else { return try (objective.fake(fake) - objective.real(real)).mean() }
    return try (objective.fake(fake - real.mean()) - objective.real(real - fake.mean())).mean()
  }

  private func generatorLoss(onDrawn: Tensor, onReal: Tensor) throws -> Tensor {
    isRelative
      ? try discriminatorLoss(real: onDrawn, fake: onReal)
      : try configuration.objective.generator(onDrawn).mean()
  }

  /// The gradient of all that the generator lowers, with respect to its draws.
  private func balanced(
    _ slope: Tensor, fake: Tensor, _ x: Tensor, _ conditioning: Conditioning, _ noise: BatchNoise
  ) throws -> Tensor {
    guard let nearness else { return slope }
    let pull = try Autograd.gradients(of: nearness.distance(fake, x, conditioning, noise), [fake])[0]
      .detached()
    let (length, own) = (try pull.squared().sum().squareRoot(), try slope.squared().sum().squareRoot())
    return try pull + slope * (length / (own + 1e-12) * nearness.adversarialShare)
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try Autograd.disabled { try generator(noise.normal([latents], stream: "latents"), conditioning) }
  }
}
