internal import Families
internal import Torch
internal import TorchNN

/// Latent numbers from coarse to fine, and an encoder that guesses them.
struct VariationalArchitecture: ClassImageArchitecture {
  static let name = "class-image-variational"

  var network: LadderNetwork.Configuration

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    let n = network
    return description.channels == 1 && n.height == description.height && n.width == description.width
      && n.height % 4 == 0 && n.width % 4 == 0 && n.condition == description.classes.count
      && (1...512).contains(n.channels) && (0...16).contains(n.blocks) && (1...16).contains(n.coarseGroups)
      && (0...16).contains(n.fineGroups) && (1...64).contains(n.coarseLatents)
      && (1...64).contains(n.fineLatents) && (3...300).contains(n.outputs) && n.outputs % 3 == 0
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    let module = try LadderNetwork(network)
    let family = VariationalFamily(sampleShape: description.sampleShape, backbone: Backbone(network: module))
    return .init(
      module: module, hidden: module.hiddenWeights, trainable: family, sampler: family, density: family,
      encoder: family, inverter: family, countsLevels: true, scoredPictures: 250)
  }

  private struct Backbone: LadderBackbone {
    let network: LadderNetwork

    private var coarseGroups: Int { network.configuration.coarseGroups }
    private func group(_ index: Int) -> LatentGroup {
      index < coarseGroups ? network.coarse[index] : network.fine[index - coarseGroups]
    }

    var latentShapes: [[Int]] {
      let c = network.configuration
      return [[Int]](repeating: [c.coarseLatents, c.height / 4, c.width / 4], count: c.coarseGroups)
        + [[Int]](repeating: [c.fineLatents, c.height / 2, c.width / 2], count: c.fineGroups)
    }

    func encoded(_ levels: Tensor) throws -> [Tensor] {
      let (coarse, fine) = try network.encoded(levels)
      return [Tensor](repeating: coarse, count: coarseGroups)
        + [Tensor](repeating: fine, count: network.configuration.fineGroups)
    }

    func begin(global: Tensor) throws -> Tensor { try network.begin(global: global) }

    func stream(before group: Int, _ stream: Tensor, global: Tensor) throws -> Tensor {
      group == coarseGroups ? try network.refined(stream, global: global) : stream
    }

    func prior(_ group: Int, _ stream: Tensor) throws -> Tensor {
      try self.group(group).prior(stream.relu()).to(.float32)
    }

    func posterior(_ group: Int, _ stream: Tensor, _ encoded: Tensor) throws -> Tensor {
      try self.group(group).posterior(Tensor.cat([stream, encoded], axis: 1).relu()).to(.float32)
    }

    func absorbed(_ group: Int, _ stream: Tensor, _ latents: Tensor) throws -> Tensor {
      let part = self.group(group)
      return try part.block(stream + part.absorb(latents).to(.float32))
    }

    func decoded(_ stream: Tensor) throws -> Tensor { try network.decoded(stream) }
  }

  struct Recipe: NetworkRecipe {
    var channels: Int
    /// Residual blocks of each level of the encoder.
    var blocks: Int
    /// Groups of latent numbers, and channels of each, at a quarter and at half of the size.
    var coarseGroups: Int
    var coarseLatents: Int
    var fineGroups: Int
    var fineLatents: Int
    /// Logistic distributions of a pixel.
    var components: Int

    func architecture(for data: TrainingPictures) -> VariationalArchitecture {
      VariationalArchitecture(
        network: .init(
          height: data.description.height, width: data.description.width, channels: channels, blocks: blocks,
          coarseGroups: coarseGroups, coarseLatents: coarseLatents, fineGroups: fineGroups,
          fineLatents: fineLatents, condition: data.description.classes.count, outputs: 3 * components))
    }
  }
}
