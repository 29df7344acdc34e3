internal import Foundation
internal import MediaIO
internal import Torch

/// `checkpoint.safetensors`: all that a run needs to go on, written at once or not at all.
struct Checkpoint {
  let folder: URL
  let recipe: TrainingRecipe
  /// What else decides the weights: the network, the data.
  let context: String

  var file: URL { folder.appendingPathComponent("checkpoint.safetensors") }

  func write(_ tensors: [String: Tensor], step: Int) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let recipe = String(decoding: try encoder.encode(recipe), as: UTF8.self)
    let file = try Safetensors(
      metadata: ["step": String(step), "recipe": recipe, "context": context],
      tensors: tensors.mapValues { try $0.hostArray() })
    try AtomicFile.write(try file.encoded(), to: self.file)
  }

  /// - Throws: `TrainingError` when there is none, or it belongs to another recipe.
  func read() throws -> (tensors: [String: Tensor], step: Int) {
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw TrainingError("there is no \(file.path) to resume from; leave --resume out to begin")
    }
    let saved = try Safetensors(contentsOf: file)
    guard let step = saved.metadata["step"].flatMap({ Int($0) }),
      let then = saved.metadata["recipe"].flatMap({
        try? JSONDecoder().decode(TrainingRecipe.self, from: Data($0.utf8))
      })
    else { throw TrainingError("\(file.path) is not a checkpoint of this tool") }
    guard recipe.decisive == then.decisive else {
      throw TrainingError("\(file.path) was made by another recipe; resume with that one, or begin anew")
    }
    if let before = saved.metadata["context"], before != context {
      throw TrainingError(
        "\(file.path) was made with another network or other data (\(before) then, \(context) now); resume with those, "
          + "or begin anew")
    }
    return (try saved.tensors.mapValues { try Tensor($0) }, step)
  }
}

extension TrainingRecipe {
  /// Without what changes no step: how often the run reports and saves, how its weights are rounded in the end.
  fileprivate var decisive: TrainingRecipe {
    var recipe = self
    recipe.evaluateEvery = 0
    recipe.checkpointEvery = 0
    recipe.storage = nil
    return recipe
  }
}
