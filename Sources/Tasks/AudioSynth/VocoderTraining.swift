internal import Conditioners
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import Torch

/// The recipe of a vocoder.
struct VocoderRecipe: SoundRecipe, Sendable, Equatable {
  var family: String
  var sampleRate: Int
  /// Of the mel spectrogram.
  var bands: Int
  /// Samples that a column of it looks at.
  var window: Int
  /// Frames of one training sample.
  var frames: Int
  /// Most recordings, and seconds of each, on which the loss is watched.
  var watched: Int
  var network: WaveNetRecipe
  var training: TrainingRecipe
}

/// Trains a vocoder on recordings of any kind.
struct VocoderTraining {
  let recipe: VocoderRecipe
  let request: TrainingRequest

  func callAsFunction(_ folders: [URL]) throws -> (model: Vocoder, isFinished: Bool, loss: Double) {
    let description = MelDescription(
      sampleRate: recipe.sampleRate, bands: recipe.bands, window: recipe.window)
    let model = try Vocoder(recipe.network.configuration(for: description), description)
    func told(_ part: Recordings.Part) throws -> [ToldRecording] {
      let recordings = try Recordings(
        folders: folders, part: part, sampleRate: recipe.sampleRate, workers: request.workers)
      return try ChunkRunner(workers: request.workers).map(recordings.levels.count) {
        try model.told(recordings.levels[$0])
      }
    }
    let known = try told(.train)
    let all = try told(.watch)
    // Spread over all there is, each from its start.
    let watched = (0..<min(recipe.watched, all.count)).map { index in
      var one = all[index * all.count / min(recipe.watched, all.count)]
      one.levels = Array(one.levels.prefix(2 * recipe.sampleRate))
      one.features = Array(one.features.prefix((one.levels.count + model.hop - 1) / model.hop))
      return one
    }
    let seconds = known.reduce(0) { $0 + $1.levels.count } / recipe.sampleRate
    request.log.info("\(known.count) recordings, \(seconds) s; \(watched.count) to watch")
    let training = WaveformTraining(
      training: recipe.training, frames: recipe.frames,
      context:
        "\(try MetadataText.json(recipe.network)), \(recipe.bands) bands, \(recipe.frames) frames of \(known.count) recordings",
      request: request)
    let result = try training(model, known, watched: watched)
    var calibrated = description
    calibrated.ranges = try training.ranges(model, watched)
    return (try model.described(calibrated), result.isFinished, result.loss)
  }
}

extension Vocoder {
  /// A recording with its own mel spectrogram.
  func told(_ levels: [UInt8]) throws -> ToldRecording {
    let conditioner = conditioner
    return ToldRecording(
      levels: levels,
      features: try conditioner.frames(conditioner.spectrogram(levels.map { MuLaw.sample(Int($0)) })))
  }
}
