internal import Families
internal import Torch
internal import TorchNN

/// An invertible map from coarse to fine.
struct FlowArchitecture: ClassImageArchitecture {
  static let name = "class-image-flow"

  var network: ScaleNetworks.Configuration

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    let n = network
    return description.channels == 1 && n.height == description.height && n.width == description.width
      && n.condition == description.classes.count && (1...4).contains(n.squeezes)
      && n.height % (1 << n.squeezes) == 0 && n.width % (1 << n.squeezes) == 0
      && n.channels.count == n.squeezes + 1 && n.blocks.count == n.squeezes + 1
      && n.channels.allSatisfy { (1...512).contains($0) } && n.blocks.allSatisfy { (0...64).contains($0) }
      && (1...512).contains(n.head) && (1...64).contains(n.components)
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    let module = try ScaleNetworks(network)
    let family = FlowFamily(
      sampleShape: description.sampleShape,
      lattice: try ScaleLattice(height: network.height, width: network.width, squeezes: network.squeezes),
      backbone: Backbone(networks: module))
    return .init(
      module: module, hidden: module.hiddenWeights, trainable: family, sampler: family, density: family,
      inverter: family)
  }

  private struct Backbone: FlowBackbone {
    let networks: ScaleNetworks

    func features(scale: Int, seen: Tensor) throws -> Tensor { try networks.scales[scale].features(seen) }

    func parameters(scale: Int, features: Tensor, global: Tensor) throws -> Tensor {
      try networks.scales[scale].parameters(features, global: global)
    }
  }

  struct Recipe: NetworkRecipe {
    var squeezes: Int
    /// Of each scale, from fine to coarse, one more than squeezes; blocks likewise.
    var channels: [Int]
    var blocks: [Int]
    var head: Int
    /// Logistic distributions of a number.
    var components: Int

    func architecture(for data: TrainingPictures) -> FlowArchitecture {
      FlowArchitecture(
        network: .init(
          height: data.description.height, width: data.description.width, squeezes: squeezes,
          channels: channels, blocks: blocks, head: head, condition: data.description.classes.count,
          components: components))
    }
  }
}
