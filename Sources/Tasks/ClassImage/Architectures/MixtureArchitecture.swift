internal import Families

/// Gaussians for each class.
struct MixtureArchitecture: ClassImageArchitecture {
  static let name = "class-image-mixture"

  var mixture: ClassMixture.Configuration

  func isPlausible(for description: ClassImageModel.Description) -> Bool {
    mixture.classes == description.classes.count && mixture.dimensions == description.dimensions
      && (1...256).contains(mixture.components) && (1...256).contains(mixture.rank)
      && mixture.classes * mixture.components * mixture.dimensions <= (1 << 28) / mixture.rank
  }

  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts {
    parts(description, try ClassMixture(mixture))
  }

  func parts(_ description: ClassImageModel.Description, _ module: ClassMixture) -> ClassImageModel.Parts {
    let family = MixtureFamily(module, sampleShape: description.sampleShape)
    return .init(
      module: module, sampler: family, density: family, completer: family, encoder: family,
      missingHalves: (true, true))
  }
}
