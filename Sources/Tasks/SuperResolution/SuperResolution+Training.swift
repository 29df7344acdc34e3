internal import Families
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

extension SuperResolution: TrainableTask {
  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    guard let training = specification.training else {
      throw PipelineError.usage("the specification of 'super-resolution' has no recipes under 'training'")
    }
    let recipes = try YAMLReader(training, of: "'training'")
    let isJudge = try ScaleWeights.isJudge(entry)
    let degradation = UpscaleStage.degradation(request.options)
    let recipeName =
      isJudge
      ? entry.name
      : "\(entry.name)-x\(try wholeScale(request.options))" + (degradation == .real ? "-real" : "")
    guard let found = recipes.entry(recipeName)?.value else {
      throw PipelineError.usage(
        NearestName.unknown("recipe", recipeName, known: recipes.keys, listing: true))
    }
    let owner = "the recipe '\(recipeName)'"
    if isJudge { return try trainJudge(found.decode(PictureJudgeRecipe.self, of: owner), request) }
    if let mean = try ScaleWeights(entry).mean {
      return try trainPosterior(
        found.decode(PosteriorRecipe.self, of: owner), name: recipeName, around: mean, request)
    }
    let family: String? = try YAMLReader(found, of: owner).optional("family")
    if family == "adversarial" {
      return try trainPerceptual(
        found.decode(PerceptualRecipe.self, of: owner), name: recipeName, request, specification)
    }
    var recipe = try found.decode(SuperResolutionRecipe.self, of: owner)
    try recipe.check(scale: wholeScale(request.options), name: recipeName)
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    let dataset = try PhotographDataset(
      folders: Self.photographs(request), scale: recipe.network.scale, degradation: degradation,
      log: request.log)
    let run = try SuperResolutionTraining(
      recipe: recipe, dataset: dataset, folder: request.folder, workers: request.workers,
      device: UpscaleStage.device(request.device), log: request.log)
    return try report(
      recipe: recipe, steps: recipe.training.steps, title: "train \(entry.name)",
      figure: ("validation PSNR (dB)", "validation_psnr"), request
    ) { progress in
      let result = try run.run(
        start: request.start.map { try SuperResolutionModel(contentsOf: $0) }, resume: request.resume,
        timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested }, progress: progress)
      return (result.model.weights, result.outcome, result.validation)
    }
  }
}

extension SuperResolution {
  private func trainPosterior(
    _ recipe: PosteriorRecipe, name: String, around mean: URL, _ request: TrainingRequest
  ) throws -> TrainingReport {
    var recipe = recipe
    try recipe.check(name: name, scale: wholeScale(request.options))
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    let scale = try wholeScale(request.options)
    let meanSHA256 = try Digest.sha256(of: mean)
    let start = try request.start.map { try PosteriorModel(contentsOf: $0) }
    if let start,
      start.description.network != recipe.configuration(scale: scale)
        || start.description.meanSHA256 != meanSHA256
    {
      throw PipelineError.data(
        "the weights of --from are of another network, or around another mean, than the recipe '\(name)' asks for"
      )
    }
    let run = PosteriorTraining(
      recipe: recipe,
      photographs: try PhotographDataset(folders: Self.photographs(request), scale: scale, log: request.log),
      mean: try SuperResolutionModel(contentsOf: mean, scale: scale), meanSHA256: meanSHA256,
      folder: request.folder, workers: request.workers, device: try UpscaleStage.device(request.device),
      log: request.log)
    return try report(
      recipe: recipe, steps: recipe.training.steps, title: "train \(name)",
      figure: ("held-out loss", "held_out_loss"), request
    ) { progress in
      let result = try run.run(
        start: start, resume: request.resume, timeLimit: request.timeLimit,
        shouldStop: { Interrupt.isRequested }, progress: progress)
      return (result.model.weights, result.outcome, result.loss)
    }
  }

  private func trainPerceptual(
    _ recipe: PerceptualRecipe, name: String, _ request: TrainingRequest, _ specification: Specification
  ) throws -> TrainingReport {
    var recipe = recipe
    let scale = try wholeScale(request.options)
    try recipe.check(name: name, scale: scale)
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    guard request.start == nil else {
      throw PipelineError.usage("--from is not for '\(name)': its recipe says what it begins with")
    }
    let start = try ScaleWeights(specification.model(named: recipe.start)).file(scale)
    let features = try specification.model(named: recipe.features).weights
    let run = PerceptualTraining(
      recipe: recipe,
      photographs: try PhotographDataset(folders: Self.photographs(request), scale: scale, log: request.log),
      start: try SuperResolutionModel(contentsOf: start, scale: scale),
      startSHA256: try Digest.sha256(of: start), judge: try PictureJudge(contentsOf: features),
      judgeSHA256: try Digest.sha256(of: features), folder: request.folder, workers: request.workers,
      log: request.log)
    return try report(
      recipe: recipe, steps: recipe.training.steps, title: "train \(name)",
      figure: ("distance", "held_out_distance"), request
    ) { progress in
      let result = try run.run(
        resume: request.resume, timeLimit: request.timeLimit,
        shouldStop: { Interrupt.isRequested }, progress: progress)
      return (result.model.weights, result.outcome, result.distance)
    }
  }

  private func trainJudge(_ recipe: PictureJudgeRecipe, _ request: TrainingRequest) throws -> TrainingReport {
    var recipe = recipe
    try recipe.training.check()
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    guard request.start == nil, request.data.count == 1 else {
      throw PipelineError.usage(
        "a judge begins with fresh weights and learns from one folder, which has a folder of small RGB pictures for each class; "
          + "--data and no --from would be right")
    }
    let pictures = try LabelledImages(folder: request.data[0], split: .train)
    request.log.info("\(pictures.count) pictures of \(pictures.classes.count) classes")
    let result = try PictureJudgeTraining(recipe: recipe, request: request)(pictures)
    return TrainingReport(
      weights: try request.writeWeights(recipe: recipe) { try result.judge.weights(notes: $0) },
      isFinished: result.isFinished, figures: ["held-out accuracy": result.accuracy])
  }

  /// Runs a training with its progress line, and writes what it made.
  /// - Parameters:
  ///   - figure: its name for people, and in the weights' metadata.
  ///   - run: gives the weights' file with more notes, how it ended, and the figure.
  private func report(
    recipe: some Encodable, steps: Int, title: String, figure: (name: String, key: String),
    _ request: TrainingRequest,
    run: (_ progress: (_ step: Int, _ loss: Double) -> Void) throws -> (
      weights: (_ notes: [String: String]) throws -> Safetensors, outcome: Trainer.Outcome, figure: Double
    )
  ) throws -> TrainingReport {
    let progress = ProgressLine(title, total: steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let result = try run { _, _ in progress.advance() }
    let file = try request.writeWeights(recipe: recipe) { notes in
      try result.weights(
        notes.merging([figure.key: String(format: "%.4f", result.figure)]) { $1 })
    }
    return TrainingReport(
      weights: file, isFinished: result.outcome == .finished, figures: [figure.name: result.figure])
  }

  private static func photographs(_ request: TrainingRequest) throws -> [URL] {
    guard !request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is missing; folders or files of photographs, PNG or JPEG, would be right")
    }
    return request.data
  }
}
