internal import Conditioners
internal import Foundation
public import MediaIO
internal import MediaTensors
public import PipelineCore
internal import StepInference
internal import Torch

/// Speaks words in a voice: `4 2 7` to sound.
///
/// Draw i of a seed is the same sound whatever is drawn beside it, and a word's the same whatever comes before.
public struct SpeakStage: Stage {
  public let name = "speak"
  private let model: AudioSynthModel
  private let steps: DilatedSteps
  private let modelName: String
  private let weightsSHA256: String
  private let options: Options

  static let modelOption = OptionDescription.text(
    "model", default: "digits", help: "the model, by its name in the specification")

  static let options: [OptionDescription] = [
    modelOption,
    .text(
      "speak", default: "", help: "the words, such as \"4 2 7\"; three are drawn from P(words) unless given"),
    .text("speaker", default: "", help: "the voice; drawn unless given"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; draw i of a seed is always the same"),
    .integer("count", in: 1...1000, default: 1, help: "how many draws"),
    .integer("first", in: 0...1_000_000_000, default: 0, help: "index of the first draw"),
    .number(
      "temperature", in: 0...2, default: 1, help: "below 1: nearer to what is most probable, and duller"),
    .number(
      "top-p", in: 0.01...1, default: 1,
      help: "draw each sample from the most probable levels that have this share together"),
    .number("gap", in: 0...10, default: 0.12, help: "seconds of silence between words"),
    .choice(
      "precision", of: ["int8", "float32"], default: "int8",
      help: "of the products: int8 is several times as fast, where the model has what it takes"),
    .text("spectrogram", default: "", help: "a PNG file for the power of the sound by time and frequency"),
    .choice(
      "format", of: ["wav", "flac", "ogg"], default: "wav", help: "of the file; the ending of -o says it"),
  ]

  static func make(_ options: Options, _ environment: StageEnvironment) throws -> SpeakStage {
    let specification = try environment.specification(for: "speak")
    let (entry, model) = try AudioSynth.model(options.text("model"), specification)
    return SpeakStage(
      model: model, steps: try model.steps(options.text("precision")), modelName: entry.name,
      weightsSHA256: try Digest.sha256(of: entry.weights), options: options)
  }

  public func callAsFunction(_ text: String, context: StageContext) throws -> AudioClip {
    let clip = try together(draws(text, context: context), text)
    try writeSpectrogram(clip)
    return clip
  }

  private func writeSpectrogram(_ clip: AudioClip) throws {
    let path = options.text("spectrogram")
    guard !path.isEmpty else { return }
    guard (path as NSString).pathExtension.lowercased() == "png" else {
      throw PipelineError.usage("--spectrogram is '\(path)', but spectrograms are .png files")
    }
    let data = try ChunkRunner.single {
      let rate = clip.sampleRate
      // 32 ms to tell the harmonics of a voice apart, a column each 8 ms.
      let window = rate * 32 / 1000
      let rows = try Spectrogram(sampleRate: rate, window: window, hop: window / 4)(clip.samples)
      return try Image(rows.flipped([0]).unsqueezed(0), bitDepth: 8).pngData()
    }
    try AtomicFile.write(data, to: URL(fileURLWithPath: path))
  }

  /// Every draw as a file of its own: the bytes of `--count 1 --first i`.
  func files(_ text: String, context: StageContext) throws -> DrawnFiles {
    let draws = try draws(text, context: context)
    let together = try together(draws, text)
    try writeSpectrogram(together)
    return DrawnFiles(
      single: try draws.map { (index: $0.index, data: try MediaStages.encoded(clip($0, text))) },
      together: try MediaStages.encoded(together))
  }

  private struct Draw: Sendable {
    let index: Int
    let words: [Int]
    let voice: Int
    let isDrawn: Bool
    var samples: [Float] = []
  }

  private func draws(_ text: String, context: StageContext) throws -> [Draw] {
    let given = [options.text("speak"), text.trimmingCharacters(in: .whitespacesAndNewlines)].filter {
      !$0.isEmpty
    }
    guard given.allSatisfy({ $0 == given[0] }) else {
      throw PipelineError.usage(
        "--speak is '\(given[0])', but '\(given[1])' was given as well; one would be right")
    }
    let words = try given.first.map { try model.words(in: $0) }
    let speaker = options.text("speaker")
    let voice = try speaker.isEmpty ? nil : model.voice(speaker)
    let seed = UInt64(options.integer("seed"))
    let plans = (0..<options.integer("count")).map { row -> Draw in
      let index = options.integer("first") + row
      func drawn(_ stream: String, _ bound: Int, _ count: Int) -> [Int] {
        KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: stream)
          .integers(below: bound, count: count)
      }
      return Draw(
        index: index, words: words ?? drawn("words", model.description.words.count, 3),
        voice: voice ?? drawn("voice", model.description.voices.count, 1)[0],
        isDrawn: words == nil || voice == nil)
    }
    // A word is a stream of its own, so words are what the threads share.
    let jobs = plans.flatMap { plan in plan.words.indices.map { (plan, $0) } }
    let progress = context.startProgress("speak", total: jobs.count, unit: "words")
    let start = ContinuousClock.now
    let sounds = try ChunkRunner(workers: context.workers).map(jobs.count) { job -> [Float] in
      try context.checkCancelled()
      let (plan, place) = jobs[job]
      let levels = try spoken(plan.words[place], plan.voice, seed, UInt64(plan.index), UInt64(place))
      progress.advance()
      return levels.map { MuLaw.sample(Int($0)) }
    }
    progress.finish()
    let silence = [Float](
      repeating: 0, count: Int(options.number("gap") * Double(model.description.sampleRate)))
    var next = sounds.makeIterator()
    let draws = plans.map { plan in
      var plan = plan
      for place in plan.words.indices {
        plan.samples += (place == 0 ? [] : silence) + (next.next() ?? [])
      }
      return plan
    }
    let seconds = Double(sounds.reduce(0) { $0 + $1.count }) / Double(model.description.sampleRate)
    let taken = (ContinuousClock.now - start) / .seconds(1)
    if context.progress != .quiet {
      progress.log(
        String(
          format: "pipeline: %.2f s of speech in %.2f s, %.1f times real time", seconds, taken,
          seconds / taken))
    }
    return draws
  }

  /// Words and voices in turn, one of a draw, for judging.
  func words(count: Int, workers: Int, progress: ProgressLine.Mode) throws -> (
    levels: [[UInt8]], asked: [(word: Int, voice: Int)], speed: Double
  ) {
    let (words, voices) = (model.description.words.count, model.description.voices.count)
    let asked = (0..<count).map { (word: $0 % words, voice: $0 / words % voices) }
    let line = ProgressLine("draw", total: count, unit: "words", mode: progress)
    defer { line.finish() }
    let seed = UInt64(options.integer("seed"))
    let start = ContinuousClock.now
    let levels = try ChunkRunner(workers: workers).map(count) { index in
      try Interrupt.check()
      line.advance()
      return try spoken(asked[index].word, asked[index].voice, seed, UInt64(index), 0)
    }
    let taken = (ContinuousClock.now - start) / .seconds(1)
    let samples = levels.reduce(0) { $0 + $1.count }
    return (levels, asked, Double(samples) / Double(model.description.sampleRate) / taken)
  }

  private func spoken(_ word: Int, _ voice: Int, _ seed: UInt64, _ sample: UInt64, _ place: UInt64) throws
    -> [UInt8]
  {
    let length = model.description.lengths[word][voice]
    let deviate = KeyedNoise(seed: seed, sample: sample, step: place, stream: "length").normal(count: 1)[0]
    // The tails of lengths hold what was hardly ever heard.
    let frames = max(
      4, Int(exp(length.mean + length.deviation * Double(min(1.5, max(-1.5, deviate)))).rounded()))
    let features = model.conditioner.frames(word: word, voice: voice, count: frames)
    let uniforms = KeyedNoise(seed: seed, sample: sample, step: place, stream: "samples")
      .uniform(count: frames * model.hop)
    return DilatedStepper(steps, silence: MuLaw.silence).draw(
      try steps.conditions(features)[...], uniforms: uniforms,
      .init(temperature: options.number("temperature"), topP: options.number("top-p")))
  }

  private func clip(_ draw: Draw, _ text: String) throws -> AudioClip {
    var texts = options.texts
    texts["count"] = "1"
    texts["first"] = "\(draw.index)"
    // A replay is not to write it again.
    texts["spectrogram"] = ""
    return AudioClip(
      sampleRate: model.description.sampleRate, channels: 1, samples: draw.samples,
      comment: try provenance(
        [draw], text, key: SampleKey(seed: UInt64(options.integer("seed")), index: draw.index), texts
      ).comment())
  }

  private func together(_ draws: [Draw], _ text: String) throws -> AudioClip {
    guard draws.count > 1 else { return try clip(draws[0], text) }
    let rate = model.description.sampleRate
    // Half a second between draws.
    let silence = [Float](repeating: 0, count: rate / 2)
    let samples = draws.enumerated().flatMap { ($0.offset == 0 ? [] : silence) + $0.element.samples }
    return AudioClip(
      sampleRate: rate, channels: 1, samples: samples,
      comment: try provenance(
        draws, text, key: nil, options.texts.merging(["spectrogram": ""]) { $1 }
      ).comment())
  }

  private func provenance(_ draws: [Draw], _ text: String, key: SampleKey?, _ options: [String: String])
    throws
    -> Provenance
  {
    func said(_ part: (Draw) -> String) -> String {
      let all = draws.map(part)
      return Set(all).count == 1 ? all[0] : all.joined(separator: ", ")
    }
    return Provenance(
      task: "audio-synth", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(
        text: text,
        values: [
          "words": said { $0.words.map { model.description.words[$0] }.joined(separator: " ") },
          "speaker": said { model.description.voices[$0.voice] },
        ], isDrawn: draws[0].isDrawn), key: key, version: PipelineVersion.current,
      engine: try .current(),
      options: options)
  }
}
