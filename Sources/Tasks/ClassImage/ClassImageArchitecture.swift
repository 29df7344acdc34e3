internal import Foundation
internal import ModelTraining
internal import TorchNN

/// One family's network as it is stored beside its weights, and what can be made of it.
protocol ClassImageArchitecture: Codable, Sendable, Equatable {
  /// In the weights' file.
  static var name: String { get }

  /// Whether a file's word can be believed before memory is taken for it.
  func isPlausible(for description: ClassImageModel.Description) -> Bool

  /// The family with fresh weights.
  func parts(_ description: ClassImageModel.Description) throws -> ClassImageModel.Parts
}

extension ClassImageArchitecture {
  static func decoded(_ decoder: JSONDecoder, _ data: Data) throws -> Self {
    try decoder.decode(Self.self, from: data)
  }
}

/// What the recipe of a family that is trained by gradients says beside the training itself.
protocol NetworkRecipe: Codable, Sendable, Equatable {
  associatedtype Architecture: ClassImageArchitecture

  /// - Parameter data: of the pictures that the family is trained on.
  func architecture(for data: TrainingPictures) -> Architecture
}

/// What a recipe may want to know about the pictures.
struct TrainingPictures {
  let description: ClassImageModel.Description
  /// Of a value of x over the data.
  let mean: Double
  let deviation: Double
}

/// The recipe of a family that is trained by gradients.
struct FamilyRecipe<Network: NetworkRecipe>: Codable, Sendable, Equatable {
  var family: String
  /// Names of the classes where the data have numbers; otherwise empty.
  var classes: [String]
  /// Pictures of the training split, evenly spread over it, on which the loss is watched.
  var heldOut: Int
  var network: Network
  var training: TrainingRecipe
}
