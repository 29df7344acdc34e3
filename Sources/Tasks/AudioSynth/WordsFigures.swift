internal import Conditioners
internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
internal import StepInference
internal import Torch

/// What `evaluate` finds of models that say words, and of the judge.
extension AudioSynth {
  static func testWords(_ vocabulary: Vocabulary, _ sampleRate: Int, _ request: EvaluationRequest) throws
    -> [SpokenWords.Recording]
  {
    let test = try first(
      of: request.data,
      "a folder with recordings named <word>_<voice>_<take>.wav (the Free Spoken Digit Dataset)"
    ) { folder -> SpokenWords in
      let test = try SpokenWords(
        folder: folder, split: .test, words: vocabulary.words, voices: vocabulary.voices)
      guard test.sampleRate == sampleRate else {
        throw PipelineError.data(
          "\(folder.relativePath) has \(test.sampleRate) Hz; the model's \(sampleRate) Hz would be right")
      }
      return test
    }
    return spread(test.recordings, request.options.integer("limit"))
  }

  static func figures(of judge: SoundJudge, _ request: EvaluationRequest) throws -> Figures {
    let some = try testWords(judge.vocabulary, judge.description.sampleRate, request)
    let verdicts = try judge.verdicts(some.map(\.levels), workers: request.workers)
    let word = share(zip(verdicts, some).map { $0.word == $1.word })
    let voice = share(zip(verdicts, some).map { $0.voice == $1.voice })
    return [
      .recordings: Double(some.count), .word: word.mean, .wordError: word.standardError, .voice: voice.mean,
      .voiceError: voice.standardError,
    ]
  }

  static func figures(
    of model: WordsModel, _ entry: Specification.Model, _ judge: SoundJudge?, _ request: EvaluationRequest,
    _ specification: Specification
  ) throws -> Figures {
    let some = try testWords(model.vocabulary, model.description.sampleRate, request)
    let (words, voices) = (Array(model.description.words.indices), Array(model.description.voices.indices))
    let progress = ProgressLine("evaluate", total: some.count, unit: "recordings", mode: request.progress)
    defer { progress.finish() }
    var (bits, wordHits, voiceHits, strange): ([Double], [Bool], [Bool], [Bool]) = ([], [], [], [])
    for recording in some {
      let score = try SoundScore(
        recording.levels, model, words: words, voices: voices, workers: request.workers)
      let posterior = score.posterior
      func best(_ count: Int, _ part: (SoundScore.Entry) -> Int) -> Int? {
        var shares = [Double](repeating: 0, count: count)
        for (entry, share) in zip(score.entries, posterior) { shares[part(entry)] += share }
        return shares.indices.max { shares[$0] < shares[$1] }
      }
      wordHits.append(best(words.count, \.word) == recording.word)
      voiceHits.append(best(voices.count, \.voice) == recording.voice)
      let own = score.entries.first { $0.word == recording.word && $0.voice == recording.voice }
      bits.append(-(own?.samples ?? 0) / Double(recording.levels.count) / log(2))
      if let typicality = model.description.typicality {
        strange.append(typicality(try saving(score.total, recording.levels, model)) < 0.01)
      }
      progress.advance()
    }
    let (all, word, voice) = (meanWithError(bits), share(wordHits), share(voiceHits))
    let conditioner = model.conditioner
    let told = some.prefix(100).map {
      ToldRecording(
        levels: $0.levels,
        features: conditioner.frames(
          word: $0.word, voice: $0.voice, count: ($0.levels.count + model.hop - 1) / model.hop))
    }
    var figures: Figures = [
      .bits: all.mean, .bitsError: all.standardError, .recordings: Double(some.count), .word: word.mean,
      .wordError: word.standardError, .voice: voice.mean, .voiceError: voice.standardError,
    ]
    figures[.int8] = try lossOfInt8(model, told, request)
    figures[.abstains] = strange.isEmpty ? nil : share(strange).mean
    return figures.merging(
      try drawnFigures(model.vocabulary, entry, judge, request, specification)
    ) { $1 }
  }

  /// What the judge makes of draws of words and voices in turn, and how many seconds of them a second makes.
  static func drawnFigures(
    _ vocabulary: Vocabulary, _ entry: Specification.Model, _ judge: SoundJudge?,
    _ request: EvaluationRequest,
    _ specification: Specification
  ) throws -> Figures {
    let count = request.options.integer("draws")
    let asked = (0..<count).map { index in
      (word: index % vocabulary.words.count, voice: index / vocabulary.words.count % vocabulary.voices.count)
    }
    let progress = ProgressLine("draw", total: count, unit: "words", mode: request.progress)
    defer { progress.finish() }
    let stages = try vocabulary.voices.map { voice in
      try vocabulary.words.map { word in
        try SynthesizeStage.make(
          drawing(["model": entry.name, "speak": word, "speaker": voice], request),
          StageEnvironment(specification: specification))
      }
    }
    let start = ContinuousClock.now
    let clips = try ChunkRunner(workers: request.workers).map(count) { index in
      try Interrupt.check()
      defer { progress.advance() }
      return try stages[asked[index].voice][asked[index].word].clip(draw: index)
    }
    let taken = (ContinuousClock.now - start) / .seconds(1)
    let seconds = clips.reduce(0) { $0 + $1.duration }
    var figures: Figures = [.speed: seconds / taken]
    guard let judge, judge.vocabulary == vocabulary else { return figures }
    let verdicts = try judge.verdicts(
      clips.map { $0.samples.map { UInt8(MuLaw.level($0)) } }, workers: request.workers)
    let word = share(zip(verdicts, asked).map { $0.word == $1.word })
    let voice = share(zip(verdicts, asked).map { $0.voice == $1.voice })
    figures[.drawnWord] = word.mean
    figures[.drawnWordError] = word.standardError
    figures[.drawnVoice] = voice.mean
    figures[.drawnVoiceError] = voice.standardError
    return figures
  }

  /// The options of draws.
  static func drawing(_ given: [String: String], _ request: EvaluationRequest) throws -> Options {
    var texts = given
    texts["seed"] = "1"
    texts["temperature"] = request.options.texts["temperature"]
    texts["top-p"] = request.options.texts["top-p"]
    return try Options(
      AskedSound.options, owner: "evaluate",
      given: texts.mapValues { GivenOption($0, place: "evaluate") })
  }

  /// Bits a sample that 8-bit products cost on recordings.
  static func lossOfInt8<Description>(
    _ model: SoundModel<Description>, _ recordings: [ToldRecording], _ request: EvaluationRequest
  ) throws -> Double? {
    guard model.description.ranges != nil else { return nil }
    let steps = (try model.steps("int8"), try model.steps("float32"))
    let losses = try ChunkRunner(workers: request.workers).map(recordings.count) { index -> Double in
      try Interrupt.check()
      let recording = recordings[index]
      let conditions = try steps.0.conditions(recording.features)[...]
      func nats(_ steps: DilatedSteps) -> Double {
        DilatedStepper(steps, silence: MuLaw.silence).score(conditions, levels: recording.levels).reduce(0, +)
      }
      return nats(steps.1) - nats(steps.0)
    }
    return losses.reduce(0, +) / Double(recordings.reduce(0) { $0 + $1.levels.count }) / log(2)
  }
}
