internal import Conditioners
internal import Families
internal import TorchNN

/// A UNet that removes noise.
struct DiffusionArchitecture: ClassImageArchitecture {
  static let name = "class-image-diffusion"

  var network: UNet.Configuration
  var family: DiffusionFamily.Configuration
  var sampler: DiffusionFamily.SamplerSettings

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    family.deviation > 0 && sampler.isPlausible && network.isPlausible(for: description)
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    try parts(description, UNet(network))
  }

  func parts(_ description: ClassImageModel.Description, _ unet: UNet) -> ClassImageModel.Parts {
    let packed = PackedUNet(unet, height: description.height, width: description.width)
    let family = DiffusionFamily(
      family, sampleShape: description.sampleShape, settings: sampler,
      summary: { try unet.summary($0, time: $1, global: $2.global) },
      drawing: { try packed($0, $1, $2.global) },
      backbone: { try unet($0, time: $1, global: $2.global) })
    return .init(
      module: unet, hidden: unet.hiddenWeights, trainable: family, sampler: family, density: family,
      encoder: family, inverter: family, drawsInAnyNumber: FusedUNet.isFast, hasCheapDensity: false,
      dequantizations: 4, scoredPictures: 200,
      densityChunk: 10)
  }

  struct Recipe: NetworkRecipe {
    /// Side of the squares of pixels that become channels.
    var patch: Int
    /// Of each level of the UNet; multiples of 8.
    var channels: [Int]
    /// Of each level, down and up.
    var blocks: Int
    /// Even.
    var embedding: Int
    var sampler: DiffusionFamily.SamplerSettings

    func architecture(for data: TrainingPictures) -> DiffusionArchitecture {
      DiffusionArchitecture(
        network: .init(
          pictureChannels: data.description.channels, patch: patch, channels: channels, blocks: blocks,
          embedding: embedding, condition: data.description.classes.count),
        family: .init(mean: data.mean, deviation: data.deviation), sampler: sampler)
    }
  }
}

extension UNet.Configuration {
  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    pictureChannels == description.channels && condition == description.classes.count && sequence == nil
      && isPlausible(height: description.height, width: description.width)
  }
}
