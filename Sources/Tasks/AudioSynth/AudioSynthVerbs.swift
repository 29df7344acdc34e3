internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
public import PipelineCore
internal import Torch

extension AudioSynth: ScoringTask, ClassifyingTask, EmbeddingTask {
  public func options(of verb: Verb) -> [OptionDescription] {
    let model = AskedSound.modelOption
    let word = OptionDescription.text("word", default: "", help: "the word; summed over all unless given")
    let speaker = OptionDescription.text(
      "speaker", default: "", help: "the voice; summed over all unless given")
    return switch verb {
    case .score: [model, word, speaker]
    case .classify:
      [
        model,
        .choice("of", of: ["word", "speaker", "both"], default: "word", help: "what is asked"),
        .number(
          "abstain-below", in: 0...1, default: 0.01,
          help: "abstain when so small a share of held-out recordings is as unusual"),
      ]
    case .complete:
      [
        model, word, speaker,
        .number("from", in: 0...SoundInput.longestWord, help: "where the gap begins, in seconds"),
        .number("to", in: 0...SoundInput.longestWord, help: "where the gap ends, in seconds"),
        .integer("seed", in: 0...Int.max, default: 0, help: "the seed; draw i of a seed is always the same"),
        .integer("count", in: 1...1000, default: 1, help: "how many draws"),
        .integer("particles", in: 1...1000, default: 32, help: "continuations that a draw is chosen of"),
        .choice(
          "format", of: ["wav", "flac", "ogg"], default: "wav", help: "of the file; the ending of -o says it"),
      ]
    case .embed: [model]
    default: []
    }
  }

  func asked(_ request: InferenceRequest, _ specification: Specification) throws -> (
    name: String, model: WordsModel, input: SoundInput
  ) {
    let (entry, model) = try Self.model(request.options.text("model"), specification)
    let notices = request.context.startProgress("read", total: nil, unit: "")
    defer { notices.finish() }
    let input = try SoundInput(
      request.input, request.name, sampleRate: model.description.sampleRate
    ) { notices.log("pipeline: \($0)") }
    return (entry.name, model, input)
  }

  private func score(
    _ levels: [UInt8], _ model: WordsModel, _ request: InferenceRequest, word: String, speaker: String
  )
    throws -> SoundScore
  {
    let (words, voices) = try given(model, word: word, speaker: speaker)
    return try SoundScore(levels, model, words: words, voices: voices, workers: request.context.workers)
  }

  /// What may be heard: what is given, or all.
  func given(_ model: WordsModel, word: String, speaker: String) throws -> (
    words: [Int], voices: [Int]
  ) {
    let words = try word.isEmpty ? Array(model.description.words.indices) : model.vocabulary.words(in: word)
    guard word.isEmpty || words.count == 1 else {
      throw PipelineError.usage("--word is '\(word)', which is \(words.count) words; one would be right")
    }
    return (
      words,
      try speaker.isEmpty ? Array(model.description.voices.indices) : [model.vocabulary.voice(speaker)]
    )
  }

  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let (word, speaker) = (request.options.text("word"), request.options.text("speaker"))
    let (name, model, input) = try asked(request, specification)
    let levels = input.levels
    let score = try score(levels, model, request, word: word, speaker: speaker)
    let given = [word, speaker].filter { !$0.isEmpty }.joined(separator: ", ")
    return ScoreReport(
      input: request.name, model: name, condition: given.isEmpty ? nil : given, nats: score.total,
      bitsPerDimension: -score.total / (Double(levels.count) * log(2)), dimensions: levels.count,
      kind: DensityKind.exact.rawValue)
  }

  public func classify(_ request: InferenceRequest, _ specification: Specification) throws
    -> ClassificationReport
  {
    let (name, model, input) = try asked(request, specification)
    let levels = input.levels
    let score = try score(levels, model, request, word: "", speaker: "")
    var shares: [String: Double] = [:]
    for (entry, probability) in zip(score.entries, score.posterior) {
      let (word, voice) = (model.description.words[entry.word], model.description.voices[entry.voice])
      let key =
        switch request.options.text("of") {
        case "word": word
        case "speaker": voice
        default: "\(word) by \(voice)"
        }
      shares[key, default: 0] += probability
    }
    let typicality = model.description.typicality?(try Self.saving(score.total, levels, model))
    return ClassificationReport(
      input: request.name, model: name,
      posterior: shares.sorted { $0.key < $1.key }.map { .init(name: $0.key, probability: $0.value) },
      typicality: typicality,
      abstains: typicality.map { $0 < request.options.number("abstain-below") } ?? false)
  }

  /// Nats a sample that the model saves over a FLAC file of the same levels, which knows nothing but simplicity.
  static func saving(_ nats: Double, _ levels: [UInt8], _ model: WordsModel) throws -> Double {
    // Eight bits a sample, as the model has them; the curve is the same for all sounds.
    let clip = AudioClip(
      sampleRate: model.description.sampleRate, channels: 1,
      samples: levels.map { (Float($0) - 128) / 128 })
    let empty = AudioClip(sampleRate: clip.sampleRate, channels: 1, samples: [0])
    let bytes = try clip.encoded(as: .flac16).count - empty.encoded(as: .flac16).count
    return (nats + Double(bytes) * 8 * log(2)) / Double(levels.count)
  }

  public func embed(_ request: InferenceRequest, _ specification: Specification) throws -> [Float] {
    let (_, model, input) = try asked(request, specification)
    let levels = input.levels
    return try ChunkRunner.single {
      let hop = model.hop
      let frames = (levels.count + hop - 1) / hop
      let conditioner = model.conditioner
      // Told the mean of all words and voices, at each place of them.
      let all = model.description.words.indices.flatMap { word in
        model.description.voices.indices.map { conditioner.frames(word: word, voice: $0, count: frames) }
      }
      let mean = (0..<frames).map { frame in
        (0..<conditioner.features).map { feature in
          all.reduce(Float(0)) { $0 + $1[frame][feature] } / Float(all.count)
        }
      }
      // A frame that is begun only is filled with silence, which a mean over samples hardly notices.
      let row =
        levels.map(Float.init) + [Float](repeating: Float(MuLaw.silence), count: frames * hop - levels.count)
      return try model.family.embed(Tensor(row, shape: [1, row.count]), given: conditioner([mean]))
        .select(0, 0).floats()
    }
  }
}

extension AudioSynth: SoundingTask {
  public func sounds(
    _ text: String, _ options: Options, _ specification: Specification, context: StageContext
  )
    throws -> DrawnSounds
  {
    try SynthesizeStage.make(options, StageEnvironment(specification: specification))
      .sounds(text, context: context)
  }
}
