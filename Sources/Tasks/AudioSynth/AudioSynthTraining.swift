public import Foundation
internal import Logging
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
    func decode<Recipe: SoundRecipe>(_ type: Recipe.Type) throws -> Recipe {
      var recipe = try found.decode(type, of: owner)
      if let steps = request.steps { recipe.training.steps = steps }
      if let seed = request.seed { recipe.training.seed = seed }
      return recipe
    }
    func report(
      _ recipe: some SoundRecipe, isFinished: Bool, _ figure: String, _ value: Double,
      _ weights: ([String: String]) throws -> Safetensors
    ) throws -> TrainingReport {
      TrainingReport(
        weights: try request.writeWeights(recipe: recipe, weights), isFinished: isFinished,
        figures: [figure: value])
    }
    switch family {
    case "wavenet":
      let recipe = try decode(WordsRecipe.self)
      let result = try WordsTraining(recipe: recipe, request: request)(words(request))
      return try report(recipe, isFinished: result.isFinished, "held-out bits/sample", result.loss) {
        try result.model.weights(notes: $0)
      }
    case "vocoder":
      let recipe = try decode(VocoderRecipe.self)
      guard !request.data.isEmpty else {
        throw PipelineError.usage("--data is missing; folders with .wav files would be right")
      }
      let result = try VocoderTraining(recipe: recipe, request: request)(request.data)
      return try report(recipe, isFinished: result.isFinished, "held-out bits/sample", result.loss) {
        try result.model.weights(notes: $0)
      }
    case "notes":
      let recipe = try decode(NotesRecipe.self)
      let result = try NotesTraining(recipe: recipe, request: request)(Self.folder(request.data))
      return try report(recipe, isFinished: result.isFinished, "held-out bits/sample", result.loss) {
        try result.model.weights(notes: $0)
      }
    case "diffusion":
      let recipe = try decode(VoicesRecipe.self)
      try Self.requireCPU(request)
      let result = try VoicesTraining(recipe: recipe, request: request)(words(request))
      return try report(recipe, isFinished: result.isFinished, "held-out loss", result.loss) {
        try result.model.weights(notes: $0)
      }
    case "discriminative":
      let recipe = try decode(JudgeRecipe.self)
      try Self.requireCPU(request)
      let result = try SoundJudge.trained(recipe, words(request), request)
      return try report(recipe, isFinished: result.isFinished, "held-out accuracy", result.accuracy) {
        try result.judge.weights(notes: $0)
      }
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
}

/// What recipes of this task have alike.
protocol SoundRecipe: Codable {
  var training: TrainingRecipe { get set }
}
