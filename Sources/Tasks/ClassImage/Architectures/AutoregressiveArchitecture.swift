internal import Families
internal import StepInference
internal import Synchronization
internal import TorchNN

/// Pixel after pixel.
struct AutoregressiveArchitecture: ClassImageArchitecture {
  static let name = "class-image-autoregressive"

  var network: CausalPatchNetwork.Configuration

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    let n = network
    return description.channels == 1 && n.height * CausalPatchNetwork.patch == description.height
      && n.width * CausalPatchNetwork.patch == description.width && n.condition == description.classes.count
      && (1...1024).contains(n.channels) && (1...64).contains(n.blocks) && (0...8).contains(n.rows)
      && (1...8).contains(n.reach) && (1...1024).contains(n.head) && (3...300).contains(n.outputs)
      && n.outputs % 3 == 0
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    let module = try CausalPatchNetwork(network)
    let packed = PackedSteps(module)
    let family = AutoregressiveFamily(
      sampleShape: description.sampleShape, order: module.order,
      backbone: { try module($0, global: $1) }, summary: { try module.summary($0, global: $1) },
      steps: { try packed.begin($0) })
    return .init(
      module: module, hidden: module.hiddenWeights, trainable: family, sampler: family, density: family,
      completer: family, encoder: family, countsLevels: true, drawsInAnyNumber: true,
      missingHalves: (false, true),
      surprise: { try family.surprise($0, given: $1) })
  }

  struct Recipe: NetworkRecipe {
    var channels: Int
    var blocks: Int
    /// Rows of patches above, and columns to either side, that a block sees.
    var rows: Int
    var reach: Int
    /// Units of each pixel's head.
    var head: Int
    /// Logistic distributions of a pixel.
    var components: Int

    func architecture(for data: TrainingPictures) -> AutoregressiveArchitecture {
      AutoregressiveArchitecture(
        network: .init(
          height: data.description.height / CausalPatchNetwork.patch,
          width: data.description.width / CausalPatchNetwork.patch, channels: channels, blocks: blocks,
          rows: rows, reach: reach, head: head, condition: data.description.classes.count,
          outputs: 3 * components))
    }
  }
}

/// The step engine of a network, whose weights are packed when it is first used: by then they are read.
private final class PackedSteps: Sendable {
  private let module: CausalPatchNetwork
  private let steps = Mutex<CausalPatchSteps?>(nil)

  init(_ module: CausalPatchNetwork) { self.module = module }

  func begin(_ globals: [[Float]]) throws -> any PixelStepper {
    let packed = try steps.withLock { steps in
      if let steps { return steps }
      let fresh = try CausalPatchSteps(module)
      steps = fresh
      return fresh
    }
    return CausalPatchStepper(packed, globals: globals)
  }
}
