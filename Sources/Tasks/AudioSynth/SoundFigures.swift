internal import Conditioners
internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
internal import StepInference
internal import Torch

/// What `evaluate` finds of vocoders and of models of notes.
extension AudioSynth {
  /// Bits a sample of test recordings by `steps`, told of each frame.
  private static func bits<Description>(
    _ model: SoundModel<Description>, _ recordings: [ToldRecording], _ request: EvaluationRequest
  ) throws -> Figures {
    let steps = try model.steps("float32")
    let each = try ChunkRunner(workers: request.workers).map(recordings.count) { index -> Double in
      try Interrupt.check()
      let recording = recordings[index]
      let nats = DilatedStepper(steps, silence: MuLaw.silence)
        .score(try steps.conditions(recording.features)[...], levels: recording.levels).reduce(0, +)
      return -nats / Double(recording.levels.count) / log(2)
    }
    let all = meanWithError(each)
    var figures: Figures = [
      .bits: all.mean, .bitsError: all.standardError, .recordings: Double(recordings.count),
    ]
    figures[.int8] = try lossOfInt8(model, recordings, request)
    return figures
  }

  /// Test recordings, and what the judge makes of those that it knows once they were made again of their spectrograms.
  static func figures(of model: Vocoder, _ judge: SoundJudge?, _ request: EvaluationRequest) throws -> Figures
  {
    let rate = model.description.sampleRate
    let limit = request.options.integer("limit")
    let levels = try Recordings(
      folders: request.data, part: .test, sampleRate: rate, workers: request.workers
    ).levels
    let some = try ChunkRunner(workers: request.workers).map(min(limit, levels.count)) { index in
      try model.told(Array(levels[index * levels.count / min(limit, levels.count)].prefix(5 * rate)))
    }
    var figures = try bits(model, some, request)
    guard let judge, let words = try ifPresent({ try testWords(judge.vocabulary, rate, request) }) else {
      return figures
    }
    let settings = DilatedStepper.Settings(request.options, ownTemperature: 1)
    let voice = DilatedVoice(steps: try model.steps("int8"))
    let start = ContinuousClock.now
    let again = try ChunkRunner(workers: request.workers).map(words.count) { index -> [UInt8] in
      try Interrupt.check()
      let noise = KeyedNoise(seed: 1, sample: UInt64(index), step: 0, stream: "samples")
      return try voice.stream(noise, settings)(model.told(words[index].levels).features)
    }
    figures[.speed] =
      Double(again.reduce(0) { $0 + $1.count }) / Double(rate) / ((ContinuousClock.now - start) / .seconds(1))
    let verdicts = try judge.verdicts(again, workers: request.workers)
    let word = share(zip(verdicts, words).map { $0.word == $1.word })
    let speaker = share(zip(verdicts, words).map { $0.voice == $1.voice })
    figures[.drawnWord] = word.mean
    figures[.drawnWordError] = word.standardError
    figures[.drawnVoice] = speaker.mean
    figures[.drawnVoiceError] = speaker.standardError
    return figures
  }

  /// How well notes are in tune, of every instrument and every third semitone; bits a sample where there are recordings.
  static func figures(
    of model: NotesModel, _ entry: Specification.Model, _ request: EvaluationRequest,
    _ specification: Specification
  ) throws -> Figures {
    let description = model.description
    var figures: Figures = [:]
    let recordings = try ifPresent {
      try first(of: request.data, "a folder with notes") {
        try PlayedNotes(
          folder: $0, instruments: description.instruments, release: description.release,
          workers: request.workers)
      }
    }
    if let recordings, recordings.sampleRate == description.sampleRate {
      let some = spread(
        recordings.part(heldOut: description.heldOut, isWatched: true), request.options.integer("limit")
      ).map { model.told($0) }
      figures = try bits(model, some, request)
    }
    let asked = description.instruments.flatMap { instrument in
      stride(from: description.lowest, through: description.highest, by: 3).map { (instrument, $0) }
    }
    let progress = ProgressLine("draw", total: asked.count, unit: "notes", mode: request.progress)
    defer { progress.finish() }
    let stages = try asked.map { instrument, pitch in
      try SynthesizeStage.make(
        drawing(
          ["model": entry.name, "note": Score.name(pitch), "instrument": instrument, "seconds": "0.6"],
          request),
        StageEnvironment(specification: specification))
    }
    let start = ContinuousClock.now
    let clips = try ChunkRunner(workers: request.workers).map(asked.count) { index in
      try Interrupt.check()
      defer { progress.advance() }
      return try stages[index].clip(draw: index)
    }
    figures[.speed] = clips.reduce(0) { $0 + $1.duration } / ((ContinuousClock.now - start) / .seconds(1))
    let cents = try ChunkRunner(workers: request.workers).map(asked.count) { index -> Double in
      // The tone once it has begun, before the key goes up.
      let rate = description.sampleRate
      let tone = Array(clips[index].samples[rate / 20..<rate * 11 / 20])
      let wanted = NoteConditioner.frequency(Double(asked[index].1))
      // Two octaves to both sides.
      let found = PitchEstimate.frequency(tone, sampleRate: rate, range: wanted / 4...wanted * 4)
      return found.map { abs(1200 * log2($0 / wanted)) } ?? .infinity
    }
    let inTune = share(cents.map { $0 <= 10 })
    figures[.inTune] = inTune.mean
    figures[.inTuneError] = inTune.standardError
    figures[.cents] = min(1200, cents.sorted()[cents.count / 2])
    return figures
  }
}
