internal import Conditioners
internal import Foundation
internal import Logging
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import TorchNN

/// The recipe of a model of words.
struct WordsRecipe: SoundRecipe, Sendable, Equatable {
  var family: String
  /// Takes, beside those for testing, on which the loss is watched.
  var heldOutTakes: [Int]
  /// Frames of one training sample.
  var frames: Int
  var network: WaveNetRecipe
  var training: TrainingRecipe
}

/// Trains a network on recordings of words.
struct WordsTraining {
  let recipe: WordsRecipe
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on held-out takes.
  func callAsFunction(_ data: SpokenWords) throws -> (model: WordsModel, isFinished: Bool, loss: Double) {
    let known = data.filter { !recipe.heldOutTakes.contains($0.take) }
    let watched = data.filter { recipe.heldOutTakes.contains($0.take) }
    guard !known.recordings.isEmpty, watched.recordings.count >= 2 else {
      throw PipelineError.data(
        "takes to train on and takes to watch (\(recipe.heldOutTakes)) are both needed")
    }
    let hop = recipe.network.hop
    guard (1...4096).contains(hop) else {
      throw PipelineError.usage("the recipe's hop is \(hop), but 1 to 4096 samples would be right")
    }
    let description = WordsDescription(
      words: known.words, voices: known.voices, sampleRate: known.sampleRate,
      lengths: try known.lengths(hop: hop))
    let model = try WordsModel(try recipe.network.configuration(for: description), description)
    let conditioner = model.conditioner
    func told(_ words: SpokenWords) -> [ToldRecording] {
      words.recordings.map {
        ToldRecording(
          levels: $0.levels,
          features: conditioner.frames(
            word: $0.word, voice: $0.voice, count: ($0.levels.count + hop - 1) / hop))
      }
    }
    let training = WaveformTraining(
      training: recipe.training, frames: recipe.frames,
      context:
        "\(try MetadataText.json(recipe.network)), \(recipe.frames) frames of \(known.recordings.count) recordings",
      request: request)
    let result = try training(model, told(known), watched: told(watched))
    var calibrated = description
    calibrated.ranges = try training.ranges(model, told(watched))
    calibrated.typicality = try typicality(model, watched)
    return (try model.described(calibrated), result.isFinished, result.loss)
  }

  /// How the model's own kind of recordings looks to it.
  private func typicality(_ model: WordsModel, _ watched: SpokenWords) throws -> Typicality {
    let (words, voices) = (Array(watched.words.indices), Array(watched.voices.indices))
    return Typicality(
      heldOut: try watched.recordings.map { recording in
        try Interrupt.check()
        let score = try SoundScore(
          recording.levels, model, words: words, voices: voices, workers: request.workers)
        return try AudioSynth.saving(score.total, recording.levels, model)
      })
  }
}

extension SpokenWords {
  /// How long each voice takes for each word, in frames of `hop` samples.
  /// - Throws: `PipelineError` of kind `.data` for a word that a voice does not say.
  func lengths(hop: Int) throws -> [[WordsDescription.Length]] {
    try words.indices.map { word in
      try voices.indices.map { voice in
        let logs = recordings.filter { $0.word == word && $0.voice == voice }
          .map { log(Double(($0.levels.count + hop - 1) / hop)) }
        guard !logs.isEmpty else {
          throw PipelineError.data("there is no recording of '\(words[word])' by '\(voices[voice])'")
        }
        let mean = logs.reduce(0, +) / Double(logs.count)
        let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count)
        return WordsDescription.Length(mean: mean, deviation: variance.squareRoot())
      }
    }
  }
}
