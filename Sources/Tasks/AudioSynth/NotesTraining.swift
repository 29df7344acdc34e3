internal import Conditioners
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import TorchNN

/// The recipe of a model of notes.
struct NotesRecipe: SoundRecipe, Sendable, Equatable {
  var family: String
  /// Of every so many recordings, one is not trained on but watched.
  var heldOut: Int
  /// Seconds after the key goes up that are learned.
  var release: Double
  /// Parts of a cycle that the excitation tells apart.
  var phases: Int
  /// Of the excitation; beyond a dozen or so the network makes its own.
  var partials: Int
  /// Frames of one training sample.
  var frames: Int
  /// Frames before it that are heard but not learned.
  var lead: Int
  /// The deviation, in levels, of what is heard in training from what was recorded: whoever only goes on from recordings
  /// is lost once he must go on from his own draws.
  var jitter: Double
  /// Of draws, unless said otherwise.
  var temperature: Double
  var network: WaveNetRecipe
  var training: TrainingRecipe
}

/// Trains a network on recordings of notes.
struct NotesTraining {
  let recipe: NotesRecipe
  let request: TrainingRequest

  func callAsFunction(_ folder: URL) throws -> (model: NotesModel, isFinished: Bool, loss: Double) {
    let data = try PlayedNotes(folder: folder, release: recipe.release, workers: request.workers)
    guard (2...1_000_000).contains(recipe.heldOut), data.recordings.count >= recipe.heldOut,
      (1...4096).contains(recipe.phases), (1...256).contains(recipe.partials)
    else {
      throw PipelineError.usage(
        "the recipe watches one of \(recipe.heldOut) recordings and has \(recipe.phases) phases of \(recipe.partials) partials; 2 or more, at most as "
          + "many as there are (\(data.recordings.count)), 1 to 4096 and 1 to 256 would be right")
    }
    request.log.info("\(data.recordings.count) notes of \(data.instruments.joined(separator: ", "))")
    let (pitches, velocities) = (data.recordings.map(\.pitch), data.recordings.map(\.velocity))
    let description = NotesDescription(
      instruments: data.instruments, lowest: pitches.min() ?? 0, highest: pitches.max() ?? 0,
      softest: velocities.min() ?? 0, loudest: velocities.max() ?? 0, release: recipe.release,
      sampleRate: data.sampleRate, heldOut: recipe.heldOut, temperature: recipe.temperature)
    var configuration = try recipe.network.configuration(for: description)
    configuration.phases = recipe.phases
    configuration.partials = recipe.partials
    let model = try NotesModel(configuration, description)
    let known = data.part(heldOut: recipe.heldOut, isWatched: false).map { model.told($0) }
    let watched = data.part(heldOut: recipe.heldOut, isWatched: true).map { model.told($0) }
    let training = WaveformTraining(
      training: recipe.training, frames: recipe.frames, lead: recipe.lead, jitter: recipe.jitter,
      context:
        "\(try MetadataText.json(recipe.network)), \(recipe.phases) phases, \(recipe.partials) partials, \(recipe.lead) and \(recipe.frames) frames of "
        + "\(known.count) notes, jitter \(recipe.jitter)",
      request: request)
    let result = try training(model, known, watched: watched)
    var calibrated = description
    calibrated.ranges = try training.ranges(model, watched)
    return (try model.described(calibrated), result.isFinished, result.loss)
  }
}

extension NotesModel {
  /// A recording with what the network is told of its frames; the excitation has the phase of what is heard, for no
  /// recording keeps to its nominal pitch.
  func told(_ recording: PlayedNotes.Recording) -> ToldRecording {
    let frames = (recording.levels.count + hop - 1) / hop
    var features = conditioner.frames(
      instrument: recording.instrument, pitch: recording.pitch, velocity: recording.velocity,
      held: recording.held, frames: 0..<frames)
    let track = PhaseTrack(
      recording.levels.map { MuLaw.sample(Int($0)) }, sampleRate: description.sampleRate,
      frequency: NoteConditioner.frequency(Double(recording.pitch)), hop: hop)
    for frame in 0..<frames {
      let phase = features[frame].count - 2
      features[frame][phase] = Float(track.phases[frame])
      features[frame][phase + 1] = Float(track.advances[frame])
    }
    return ToldRecording(levels: recording.levels, features: features)
  }
}
