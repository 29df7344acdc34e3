internal import Families
public import Foundation
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

/// P(high-resolution picture | low-resolution picture).
public struct SuperResolution: PipelineTask {
  public init() {}

  public let name = "super-resolution"
  public let summary = "enlarge a picture"
  public let statement = "P(picture | smaller picture)"
  public let verbs: Set<Verb> = [.run, .train, .evaluate]
  public let outputExtension = "png"
  public let inputExtensions: Set<String> = ["png", "jpg", "jpeg"]

  public var options: [OptionDescription] {
    UpscaleStage.options.filter { ["scale", "degradation"].contains($0.name) }
  }

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "upscale", summary: "enlarge a picture by a model of super-resolution", options: UpscaleStage.options
      ) { try UpscaleStage.make($0, $1) }
    ]
  }
}

extension SuperResolution {
  /// One model may take several files.
  public func weightsSHA256(_ options: [String: String], _ specification: Specification) throws -> String? {
    guard let scale = options["scale"].flatMap(Double.init), ScalePlan.range.contains(scale) else {
      return nil
    }
    let weights = try ScaleWeights(
      specification.model(named: options["model"]),
      degradation: options["degradation"].flatMap(Degradation.init) ?? .bicubic)
    return try weights.sha256(ScalePlan(scale: scale, available: weights.scales))
  }

  /// Models are trained and judged at whole scales.
  private func wholeScale(_ options: Options) throws -> Int {
    let wanted = options.number("scale")
    guard let scale = Int(exactly: wanted) else {
      throw PipelineError.usage("--scale is \(wanted); a whole number such as 2 would be right here")
    }
    return scale
  }

  /// Where `train --publish` puts the weights.
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try ScaleWeights(
      specification.model(named: request.model), degradation: UpscaleStage.degradation(request.options)
    ).file(wholeScale(request.options))
  }
}

extension SuperResolution: StreamingTask {
  public func fileStream(_ pipeline: Pipeline) throws -> FileStream? {
    guard pipeline.steps.map(\.definition.name) == ["decode-image", "upscale", "encode-png"] else {
      return nil
    }
    let environment = StageEnvironment(specification: pipeline.specification)
    let upscale = try UpscaleStage.make(pipeline.steps[1].options, environment)
    return { try upscale.stream($0, to: $1, context: $2) }
  }
}

extension SuperResolution: TrainableTask {
  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    guard let training = specification.training else {
      throw PipelineError.usage("the specification of 'super-resolution' has no recipes under 'training'")
    }
    let recipes = try YAMLReader(training, of: "'training'")
    let degradation = UpscaleStage.degradation(request.options)
    let recipeName =
      "\(entry.name)-x\(try wholeScale(request.options))" + (degradation == .real ? "-real" : "")
    guard let found = recipes.entry(recipeName)?.value else {
      throw PipelineError.usage(
        NearestName.unknown("recipe", recipeName, known: recipes.keys, listing: true))
    }
    if let mean = try ScaleWeights(entry).mean {
      return try trainPosterior(
        found.decode(PosteriorRecipe.self, of: "the recipe '\(recipeName)'"), name: recipeName, around: mean, request)
    }
    var recipe = try found.decode(SuperResolutionRecipe.self, of: "the recipe '\(recipeName)'")
    try recipe.check(scale: wholeScale(request.options), name: recipeName)
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    let dataset = try PhotographDataset(
      folders: Self.photographs(request), scale: recipe.network.scale, degradation: degradation, log: request.log)
    let run = try SuperResolutionTraining(
      recipe: recipe, dataset: dataset, folder: request.folder, workers: request.workers,
      device: UpscaleStage.device(request.device), log: request.log)
    let progress = ProgressLine(
      "train \(entry.name)", total: recipe.training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let result = try run.run(
      start: try request.start.map { try SuperResolutionModel(contentsOf: $0) }, resume: request.resume,
      timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      progress: { _, _ in progress.advance() })
    let file = try request.writeWeights(recipe: recipe) { notes in
      var notes = notes
      notes["validation_psnr"] = String(format: "%.4f", result.validation)
      return try result.model.weights(notes: notes)
    }
    return TrainingReport(
      weights: file, isFinished: result.outcome == .finished,
      figures: ["validation PSNR (dB)": result.validation])
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
    guard request.start == nil else {
      throw PipelineError.usage("--from is not for a posterior: it begins with fresh weights")
    }
    let scale = try wholeScale(request.options)
    let run = PosteriorTraining(
      recipe: recipe,
      photographs: try PhotographDataset(folders: Self.photographs(request), scale: scale, log: request.log),
      mean: try SuperResolutionModel(contentsOf: mean, scale: scale), meanSHA256: try Digest.sha256(of: mean),
      folder: request.folder, workers: request.workers, device: try UpscaleStage.device(request.device),
      log: request.log)
    let progress = ProgressLine(
      "train \(name)", total: recipe.training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let result = try run.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      progress: { _, _ in progress.advance() })
    let file = try request.writeWeights(recipe: recipe) { notes in
      var notes = notes
      notes["held_out_loss"] = String(format: "%.4f", result.loss)
      return try result.model.weights(notes: notes)
    }
    return TrainingReport(
      weights: file, isFinished: result.outcome == .finished, figures: ["held-out loss": result.loss])
  }

  private static func photographs(_ request: TrainingRequest) throws -> [URL] {
    guard !request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is missing; folders or files of photographs, PNG or JPEG, would be right")
    }
    return request.data
  }
}

extension SuperResolution: EvaluableTask {
  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    let names =
      request.model == "all"
      ? specification.models.map(\.name) : [try specification.model(named: request.model).name]
    let scale = try wholeScale(request.options)
    guard !request.data.isEmpty else {
      throw PipelineError.usage("--data is missing; a folder of pictures such as Set5 would be right")
    }
    let degradation = UpscaleStage.degradation(request.options)
    // Models for real pictures are held against those that were trained on clean ones.
    var models: [(name: String, upscaler: Upscaler)] = []
    for name in names {
      let entry = try specification.model(named: name)
      for trained in Degradation.allCases where trained == .bicubic || trained == degradation {
        if request.model == "all", !ScaleWeights.has(trained, entry) { continue }
        let weights = try ScaleWeights(entry, degradation: trained)
        if request.model == "all", !weights.scales.contains(scale) { continue }
        let model = try SuperResolutionModel(contentsOf: weights.file(scale), scale: scale)
        let upscaler = try Upscaler(
          model: model, workers: request.workers, device: UpscaleStage.device(request.device))
        models.append((name + (trained == .real ? " real" : ""), upscaler))
      }
    }
    guard !models.isEmpty else {
      throw PipelineError.usage("no model has weights for scale \(scale)")
    }
    return try request.data.map { folder in
      let pairs = try BenchmarkPairs.read(folder, scale: scale, degradation: degradation)
      return try table(pairs, scale, models, request)
    }
  }

  private func table(
    _ pairs: [BenchmarkPair], _ scale: Int, _ models: [(name: String, upscaler: Upscaler)],
    _ request: EvaluationRequest
  ) throws -> EvaluationTable {
    let evaluation = SuperResolutionEvaluation(scale: scale)
    let progress = ProgressLine(
      "evaluate", total: pairs.count * models.count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let figures = try models.map { model in
      try evaluation(pairs, upscale: { try model.upscaler($0) { _, _ in try Interrupt.check() } }) { _ in
        progress.advance()
      }
    }
    var rows: [EvaluationTable.Row] = []
    for index in pairs.indices {
      let bicubic: [Double?] = [figures[0][index].bicubicPSNR, figures[0][index].bicubicSSIM]
      rows.append(
        .init(pairs[index].name, bicubic + figures.flatMap { [$0[index].psnr, $0[index].ssim] as [Double?] }))
    }
    let means = figures.map { SuperResolutionEvaluation.mean($0, name: "mean") }
    rows.append(
      .init(
        "mean of \(pairs.count)",
        [means[0].bicubicPSNR, means[0].bicubicSSIM] + means.flatMap { [$0.psnr, $0.ssim] as [Double?] }))
    let columns = (["bicubic"] + models.map(\.name)).flatMap { [("\($0) PSNR (dB)", 2), ("\($0) SSIM", 4)] }
    return EvaluationTable(subject: "×\(scale), on Y", columns: columns, rows: rows)
  }
}
