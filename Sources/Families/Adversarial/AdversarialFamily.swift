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

  /// x of noise `[N, latents]` and `Conditioning.global`.
  public typealias Generator = @Sendable (_ z: Tensor, _ global: Tensor) throws -> Tensor
  /// How real x looks, `[N]`.
  public typealias Discriminator = @Sendable (_ x: Tensor, _ global: Tensor) throws -> Tensor

  public let configuration: Configuration
  public let latents: Int
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
    guard let global = conditioning.global else {
      throw TensorError("an adversarial model of classes wants to be told one")
    }
    let z = try noise.normal([latents], stream: "latents").to(device: x.device)
    let drawn = try generator(z, global)
    let fake = try drawn.detached().requiresGradient(true)
    let objective = configuration.objective
    let onFake = try discriminator(fake, global)
    let slope = try Autograd.gradients(of: objective.generator(onFake).mean(), [fake])[0].detached()

    let both = try Tensor.cat([x, fake.detached()], axis: 0)
    let scores = try discriminator(both, Tensor.cat([global, global], axis: 0))
    let count = x.shape[0]
    let onReal = try scores.narrow(0, start: 0, length: count)
    let onDrawn = try scores.narrow(0, start: count, length: count)
    var loss = try (objective.fake(onDrawn) - objective.real(onReal)).mean()
    if configuration.penalty > 0 {
      // E (v · ∇D)² over normal v is |∇D|²: no second derivatives are needed.
      let direction = try Tensor.cat(
        [
          noise.normal(Array(x.shape.dropFirst()), stream: "direction of data"),
          noise.normal(Array(x.shape.dropFirst()), stream: "direction of draws"),
        ], axis: 0
      ).to(device: x.device)
      let moved = try discriminator(both + direction * Self.step, Tensor.cat([global, global], axis: 0))
      let slopes = try ((moved - scores) / Self.step).squared().mean()
      // The mean is over data and draws; each has a penalty of its own.
      loss = try loss + slopes * configuration.penalty
    }
    return try loss + (drawn * slope).sum()
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    guard let global = conditioning.global else {
      throw TensorError("an adversarial model of classes wants to be told one")
    }
    return try Autograd.disabled { try generator(noise.normal([latents], stream: "latents"), global) }
  }
}
