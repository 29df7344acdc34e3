public import Foundation
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

extension TextSynth: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but models of text are small and train on the CPU; 'cpu' would be right"
      )
    }
    let (found, owner) = try specification.recipe(of: specification.model(named: request.model), request)
    var recipe = try found.decode(TextRecipe.self, of: owner)
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    let result = try TextTraining(recipe: recipe, texts: Texts(request.data), request: request)()
    return TrainingReport(
      weights: try request.writeWeights(recipe: recipe) {
        try .init(metadata: result.description.metadata(notes: $0), tensors: result.network.storedWeights())
      }, isFinished: result.isFinished,
      figures: Dictionary(uniqueKeysWithValues: result.figures.map { ("\($0.name) bits/byte", $0.value) }))
  }
}
