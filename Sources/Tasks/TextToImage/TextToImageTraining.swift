public import Foundation
internal import ModelTraining
public import PipelineCore

extension TextToImage: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    let (found, owner) = try specification.recipe(of: entry, request)
    let family: String? = try YAMLReader(found, of: owner).optional("family")
    switch family {
    case "diffusion":
      var recipe = try found.decode(CaptionRecipe.self, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      let source: any CaptionSource
      switch recipe.data {
      case .scenes:
        try Self.checkRendered(request, entry)
        source = SceneSource()
      case .pictures: source = try PictureSource(Self.pictures(request.data, workers: request.workers))
      }
      let result = try CaptionTraining(recipe: recipe, source: source, request: request)()
      return TrainingReport(
        weights: try request.writeWeights(recipe: recipe) { try result.model.weights(notes: $0) },
        isFinished: result.isFinished, figures: ["held-out loss": result.loss])
    case "discriminative":
      try Self.checkRendered(request, entry)
      var recipe = try found.decode(SceneJudgeRecipe.self, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      let result = try SceneJudgeTraining(recipe: recipe, request: request)()
      return TrainingReport(
        weights: try request.writeWeights(recipe: recipe) { try result.judge.weights(notes: $0) },
        isFinished: result.isFinished, figures: ["held-out accuracy": result.accuracy])
    case "contrastive":
      var recipe = try found.decode(CaptionMatcherRecipe.self, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      let result = try CaptionMatcherTraining(
        recipe: recipe, pictures: Self.pictures(request.data, workers: request.workers), request: request)()
      return TrainingReport(
        weights: try request.writeWeights(recipe: recipe) { try result.matcher.weights(notes: $0) },
        isFinished: result.isFinished, figures: ["retrieval accuracy": result.accuracy])
    default:
      throw PipelineError.usage(
        NearestName.unknown(
          "family", family ?? "", known: ["diffusion", "discriminative", "contrastive"], listing: true))
    }
  }

  private static func checkRendered(_ request: TrainingRequest, _ entry: Specification.Model) throws {
    guard request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is not for '\(entry.name)': its scenes are rendered while it is trained")
    }
  }

  /// Of the folder that `--data` names.
  static func pictures(_ data: [URL], workers: Int) throws -> CaptionedPictures {
    guard data.count == 1 else {
      throw PipelineError.usage(
        "--data names \(data.count) folders; one with pictures and their \(CaptionedPictures.listName), such as "
          + "scripts/render-emoji makes it, would be right")
    }
    return try CaptionedPictures(folder: data[0], side: picturesSide, workers: workers)
  }

  /// Pixels of the width and height that models of pictures learn.
  static let picturesSide = 32
}
