public import Foundation
internal import Logging
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

extension Imitation: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but policies are small and train on the CPU; 'cpu' would be right")
    }
    let entry = try specification.model(named: request.model)
    let (found, owner) = try specification.recipe(of: entry, request)
    var recipe = try found.decode(PolicyRecipe.self, of: owner)
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    if let family = try request.options.choice("family", of: PolicyDescription.Family.self),
      family != recipe.family
    {
      // How another family draws is its own, and not all have tokens.
      (recipe.family, recipe.sampler) = (family, nil)
      if family != .diffusion, family != .flowMatching, recipe.network.heads != nil {
        recipe.network.heads = nil
        request.log.info(
          "\(family.rawValue) has no actions that attend to one another: a residual perceptron is trained")
      }
    }
    var demonstrations = try Self.demonstrations(
      request, entry, course: recipe.course, seed: recipe.training.seed)
    let most = request.options.integer("demonstrations")
    if most > 0 { demonstrations = demonstrations.prefix(most) }
    let result = try PolicyTraining(recipe: recipe, demonstrations: demonstrations, request: request)()
    return TrainingReport(
      weights: try request.writeWeights(recipe: recipe) {
        try .init(metadata: result.description.metadata(notes: $0), tensors: result.network.storedWeights())
      }, isFinished: result.isFinished, figures: [result.loss.name: result.loss.value])
  }

  private static func demonstrations(
    _ request: TrainingRequest, _ entry: Specification.Model, course: Int?, seed: UInt64
  ) throws -> Demonstrations {
    guard let course else { return try DemonstrationFiles.read(request.data) }
    guard request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is not for '\(entry.name)': its demonstrations are made while it is trained")
    }
    guard (1...100_000).contains(course) else {
      throw PipelineError.usage(
        "the recipe has \(course) demonstrations of the course; 1 to 100000 would be right")
    }
    return ObstacleCourse.demonstrations(course, seed: seed)
  }
}
