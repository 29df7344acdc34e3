internal import Conditioners
internal import Families
internal import Torch
internal import TorchNN

/// A generator that was trained against a discriminator.
struct AdversarialArchitecture: ClassImageArchitecture {
  static let name = "class-image-adversarial"

  var network: AdversarialNetworks.Configuration
  var family: AdversarialFamily.Configuration

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    let n = network
    return description.channels == 1 && n.height == description.height && n.width == description.width
      && n.height % 4 == 0 && n.width % 4 == 0 && n.condition == description.classes.count
      && (1...4096).contains(n.latents) && (2...512).contains(n.channels) && (0...16).contains(n.blocks)
      && family.penalty >= 0 && family.penalty.isFinite
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    let module = try AdversarialNetworks(network)
    let family = AdversarialFamily(
      family, latents: network.latents, generator: { try module.generator($0, global: Self.label($1)) },
      discriminator: { try module.discriminator($0, global: Self.label($1)) })
    return .init(module: module, trainable: family, sampler: family)
  }

  private static func label(_ conditioning: Conditioning) throws -> Tensor {
    guard let global = conditioning.global else {
      throw TensorError("an adversarial model of classes wants to be told one")
    }
    return global
  }

  struct Recipe: NetworkRecipe {
    var objective: AdversarialObjective
    /// γ of the gradient penalty.
    var penalty: Double
    /// Numbers of noise.
    var latents: Int
    var channels: Int
    /// Residual blocks of the generator.
    var blocks: Int

    func architecture(for data: TrainingPictures) -> AdversarialArchitecture {
      AdversarialArchitecture(
        network: .init(
          height: data.description.height, width: data.description.width, latents: latents,
          channels: channels, blocks: blocks, condition: data.description.classes.count),
        family: .init(objective: objective, penalty: penalty))
    }
  }
}
