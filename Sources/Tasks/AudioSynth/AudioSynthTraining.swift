public import Foundation
internal import Logging
internal import MediaIO
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

extension AudioSynth: TrainableTask {
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  static func folder(_ data: [URL]) throws -> URL {
    guard data.count == 1 else {
      throw PipelineError.usage(
        data.isEmpty
          ? "--data is missing; a folder with recordings named <word>_<voice>_<take>.wav would be right "
            + "(the Free Spoken Digit Dataset)"
          : "--data names \(data.count) folders; one would be right")
    }
    return data[0]
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    let (found, owner) = try specification.recipe(of: entry, request)
    let family: String? = try YAMLReader(found, of: owner).optional("family")
    switch family {
    case "wavenet":
      var recipe = try found.decode(WordsRecipe.self, of: owner)
      recipe.training.override(by: request)
      let result = try WordsTraining(recipe: recipe, request: request)(words(request))
      return TrainingReport(
        weights: try write(result.model.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out bits/sample": result.loss])
    case "vocoder":
      var recipe = try found.decode(VocoderRecipe.self, of: owner)
      recipe.training.override(by: request)
      guard !request.data.isEmpty else {
        throw PipelineError.usage("--data is missing; folders with .wav files would be right")
      }
      let result = try VocoderTraining(recipe: recipe, request: request)(request.data)
      return TrainingReport(
        weights: try write(result.model.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out bits/sample": result.loss])
    case "notes":
      var recipe = try found.decode(NotesRecipe.self, of: owner)
      recipe.training.override(by: request)
      let result = try NotesTraining(recipe: recipe, request: request)(Self.folder(request.data))
      return TrainingReport(
        weights: try write(result.model.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out bits/sample": result.loss])
    case "diffusion":
      var recipe = try found.decode(VoicesRecipe.self, of: owner)
      recipe.training.override(by: request)
      try Self.requireCPU(request)
      let result = try VoicesTraining(recipe: recipe, request: request)(words(request))
      return TrainingReport(
        weights: try write(result.model.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out loss": result.loss])
    case "discriminative":
      var recipe = try found.decode(JudgeRecipe.self, of: owner)
      recipe.training.override(by: request)
      try Self.requireCPU(request)
      let result = try SoundJudge.trained(recipe, words(request), request)
      return TrainingReport(
        weights: try write(result.judge.weights(notes: Self.notes(recipe)), request),
        isFinished: result.isFinished, figures: ["held-out accuracy": result.accuracy])
    default:
      throw PipelineError.usage(
        NearestName.unknown(
          "family", family ?? "", known: ["wavenet", "vocoder", "notes", "diffusion", "discriminative"],
          listing: true))
    }
  }

  private static func requireCPU(_ request: TrainingRequest) throws {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but this model is trained on the CPU; 'cpu' would be right")
    }
  }

  private func words(_ request: TrainingRequest) throws -> SpokenWords {
    let data = try SpokenWords(folder: Self.folder(request.data), split: .train)
    request.log.info(
      "\(data.recordings.count) recordings of \(data.words.count) words by \(data.voices.count) voices")
    return data
  }

  private static func notes(_ recipe: some Encodable) throws -> [String: String] {
    [
      "recipe": try RecipeText.json(recipe),
      "pipeline": PipelineVersion.current,
    ]
  }

  /// Writes the weights beside the checkpoint.
  private func write(_ weights: Safetensors, _ request: TrainingRequest) throws -> URL {
    let file = URL(fileURLWithPath: "\(request.folder.relativePath)/weights.safetensors")
    try FileManager.default.createDirectory(at: request.folder, withIntermediateDirectories: true)
    try AtomicFile.write(weights.encoded(), to: file)
    return file
  }
}

extension TrainingRecipe {
  /// What the command line says instead.
  fileprivate mutating func override(by request: TrainingRequest) {
    if let steps = request.steps { self.steps = steps }
    if let seed = request.seed { self.seed = seed }
  }
}
