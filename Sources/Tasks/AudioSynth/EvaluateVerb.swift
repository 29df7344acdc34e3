internal import Conditioners
internal import Foundation
internal import MediaTensors
internal import ModelEvaluation
public import PipelineCore
internal import StepInference
internal import Torch

extension AudioSynth: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      .integer("limit", in: 10...1_000_000, default: 300, help: "evaluate: at most so many test recordings"),
      .integer("draws", in: 10...100_000, default: 300, help: "evaluate: so many draws are judged"),
      .number("temperature", in: 0...2, default: 1, help: "evaluate: of the draws"),
      .number("top-p", in: 0.01...1, default: 1, help: "evaluate: of the draws"),
    ]
  }

  private static let columns: [(name: String, digits: Int)] = [
    ("bits/sample", 3), ("bits/sample ±", 3), ("more with int8", 4), ("recordings scored", 0),
    ("word (%)", 2), ("word (%) ±", 2),
    ("speaker (%)", 2), ("speaker (%) ±", 2), ("abstains at 1 % (%)", 2),
    ("draws of the asked word (%)", 2), ("draws of the asked word (%) ±", 2),
    ("draws of the asked speaker (%)", 2), ("draws of the asked speaker (%) ±", 2), ("times real time", 1),
  ]

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but this works on the CPU; 'cpu' would be right")
    }
    let entries =
      request.model == "all" ? specification.models : [try specification.model(named: request.model)]
    let judge = specification.models.lazy.compactMap { try? SoundJudge(contentsOf: $0.weights) }.first
    let folder = try Self.folder(request.data)
    let rows = try entries.map { entry in
      if let judge = try? SoundJudge(contentsOf: entry.weights) {
        let test = try SpokenWords(
          folder: folder, split: .test, words: judge.description.words, voices: judge.description.voices)
        return EvaluationTable.Row(entry.name, try Self.figures(of: judge, test, request))
      }
      let model = try AudioSynthModel(contentsOf: entry.weights)
      let test = try SpokenWords(
        folder: folder, split: .test, words: model.description.words, voices: model.description.voices)
      guard test.sampleRate == model.description.sampleRate else {
        throw PipelineError.data(
          "\(folder.relativePath) has \(test.sampleRate) Hz; the model's \(model.description.sampleRate) Hz would be right"
        )
      }
      return .init(entry.name, try Self.figures(of: model, entry, test, judge, request, specification))
    }
    return [EvaluationTable(subject: "model", columns: Self.columns, rows: rows, isTransposed: true)]
  }

  private static func spread(_ test: SpokenWords, _ request: EvaluationRequest) -> [SpokenWords.Recording] {
    let count = min(request.options.integer("limit"), test.recordings.count)
    return (0..<count).map { test.recordings[$0 * test.recordings.count / count] }
  }

  private static func share(_ hits: [Bool]) -> (mean: Double, standardError: Double) {
    let figure = meanWithError(hits.map { $0 ? 1 : 0 })
    return (figure.mean * 100, figure.standardError * 100)
  }

  private static func figures(of judge: SoundJudge, _ test: SpokenWords, _ request: EvaluationRequest) throws
    -> [Double?]
  {
    let some = spread(test, request)
    let verdicts = try judge.verdicts(some.map(\.levels), workers: request.workers)
    let word = share(zip(verdicts, some).map { $0.word == $1.word })
    let voice = share(zip(verdicts, some).map { $0.voice == $1.voice })
    return [
      nil, nil, nil, Double(some.count), word.mean, word.standardError, voice.mean, voice.standardError, nil,
      nil,
      nil, nil, nil, nil,
    ]
  }

  private static func figures(
    of model: AudioSynthModel, _ entry: Specification.Model, _ test: SpokenWords, _ judge: SoundJudge?,
    _ request: EvaluationRequest, _ specification: Specification
  ) throws -> [Double?] {
    let some = spread(test, request)
    let (words, voices) = (Array(model.description.words.indices), Array(model.description.voices.indices))
    let progress = ProgressLine(
      "evaluate", total: some.count, unit: "recordings", mode: request.progress)
    defer { progress.finish() }
    var (nats, wordHits, voiceHits, strange): ([Double], [Bool], [Bool], [Bool]) = ([], [], [], [])
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
      nats.append((own?.samples ?? 0) / Double(recording.levels.count))
      if let typicality = model.description.typicality {
        strange.append(typicality(try saving(score.total, recording.levels, model)) < 0.01)
      }
      progress.advance()
    }
    let bits = meanWithError(nats.map { -$0 / log(2) })
    let (word, voice) = (share(wordHits), share(voiceHits))
    var figures: [Double?] = [
      bits.mean, bits.standardError, try lossOfInt8(model, some, request), Double(some.count), word.mean,
      word.standardError, voice.mean,
      voice.standardError, strange.isEmpty ? nil : share(strange).mean,
    ]
    let drawn = try draws(request, entry, specification)
    if let judge, judge.description.words == model.description.words,
      judge.description.voices == model.description.voices
    {
      let verdicts = try judge.verdicts(drawn.levels, workers: request.workers)
      let word = share(zip(verdicts, drawn.asked).map { $0.word == $1.word })
      let voice = share(zip(verdicts, drawn.asked).map { $0.voice == $1.voice })
      figures += [word.mean, word.standardError, voice.mean, voice.standardError]
    } else {
      figures += [nil, nil, nil, nil]
    }
    return figures + [drawn.speed]
  }

  /// Draws of words and voices in turn, and how many seconds of them a second makes.
  private static func draws(
    _ request: EvaluationRequest, _ entry: Specification.Model, _ specification: Specification
  ) throws -> (levels: [[UInt8]], asked: [(word: Int, voice: Int)], speed: Double) {
    var texts = ["model": entry.name, "seed": "1"]
    texts["temperature"] = request.options.texts["temperature"]
    texts["top-p"] = request.options.texts["top-p"]
    let options = try Options(
      SpeakStage.options, owner: "evaluate", given: texts.mapValues { GivenOption($0, place: "evaluate") })
    let stage = try SpeakStage.make(options, StageEnvironment(specification: specification))
    return try stage.words(
      count: request.options.integer("draws"), workers: request.workers, progress: request.progress)
  }

  /// Bits a sample that 8-bit products cost on recordings with their own words and voices.
  private static func lossOfInt8(
    _ model: AudioSynthModel, _ recordings: [SpokenWords.Recording], _ request: EvaluationRequest
  ) throws -> Double? {
    guard model.description.ranges != nil else { return nil }
    let hop = model.hop
    let steps = (try model.steps("int8"), try model.steps("float32"))
    let some = recordings.prefix(100)
    let losses = try ChunkRunner(workers: request.workers).map(some.count) { index -> Double in
      let recording = some[index]
      let frames = (recording.levels.count + hop - 1) / hop
      let features = model.conditioner.frames(word: recording.word, voice: recording.voice, count: frames)
      let conditions = try steps.0.conditions(features)[...]
      func nats(_ steps: DilatedSteps) -> Double {
        DilatedStepper(steps, silence: MuLaw.silence).score(conditions, levels: recording.levels).reduce(0, +)
      }
      return nats(steps.1) - nats(steps.0)
    }
    return losses.reduce(0, +) / Double(some.reduce(0) { $0 + $1.levels.count }) / log(2)
  }
}
