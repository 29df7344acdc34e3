public import Foundation
internal import ModelTraining
public import PipelineCore

extension TextToImage: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    guard request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is not for '\(entry.name)': its scenes are rendered while it is trained")
    }
    let (found, owner) = try specification.recipe(of: entry, request)
    let family: String? = try YAMLReader(found, of: owner).optional("family")
    switch family {
    case "diffusion":
      var recipe = try found.decode(ScenesRecipe.self, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      let result = try ScenesTraining(recipe: recipe, request: request)()
      return TrainingReport(
        weights: try request.writeWeights(recipe: recipe) { try result.model.weights(notes: $0) },
        isFinished: result.isFinished, figures: ["held-out loss": result.loss])
    case "discriminative":
      var recipe = try found.decode(SceneJudgeRecipe.self, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      let result = try SceneJudgeTraining(recipe: recipe, request: request)()
      return TrainingReport(
        weights: try request.writeWeights(recipe: recipe) { try result.judge.weights(notes: $0) },
        isFinished: result.isFinished, figures: ["held-out accuracy": result.accuracy])
    default:
      throw PipelineError.usage(
        NearestName.unknown("family", family ?? "", known: ["diffusion", "discriminative"], listing: true))
    }
  }
}
