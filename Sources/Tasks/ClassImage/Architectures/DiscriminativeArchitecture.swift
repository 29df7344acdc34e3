internal import Families
internal import TorchNN

/// P(class | picture) alone: the baseline, and the judge of draws.
struct DiscriminativeArchitecture: ClassImageArchitecture {
  static let name = "class-image-discriminative"

  var network: ConvolutionalClassifier.Configuration
  /// Largest shift of a training picture, in pixels, and whether it may be mirrored.
  var shift: Int
  var mirrors: Bool

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    (0...64).contains(shift) && network.pictureChannels == description.channels
      && network.classes == description.classes.count && network.isPlausible
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    let module = try ConvolutionalClassifier(network)
    let family = DiscriminativeFamily(
      shift: shift, mirrors: mirrors, features: { try module.features($0) }, scores: { try module.head($0) })
    return .init(
      module: module, hidden: module.hiddenWeights, trainable: family, encoder: family, classifier: family)
  }

  struct Recipe: NetworkRecipe {
    /// Of each level.
    var channels: [Int]
    /// Residual blocks of a level.
    var blocks: Int
    /// Largest shift of a training picture, in pixels.
    var shift: Int
    /// Whether a mirrored picture is of the same class, as clothes are and letters are not.
    var mirrors: Bool

    func architecture(for data: TrainingPictures) -> DiscriminativeArchitecture {
      DiscriminativeArchitecture(
        network: .init(
          pictureChannels: data.description.channels, channels: channels, blocks: blocks,
          classes: data.description.classes.count), shift: shift, mirrors: mirrors)
    }
  }
}
