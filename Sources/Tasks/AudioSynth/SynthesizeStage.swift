internal import Conditioners
internal import Foundation
public import MediaIO
internal import MediaTensors
public import PipelineCore
internal import StepInference
internal import Torch

/// Makes sound of words in a voice, of notes of an instrument, or of the mel spectrogram of a recording.
///
/// Draw i of a seed is the same sound whatever is drawn beside it, and a word or a note the same whatever comes before.
public struct SynthesizeStage: Stage {
  public let name = "synthesize"
  private let source: Source
  private let modelName: String
  private let weightsSHA256: String
  /// What else the sound depends on.
  private let alsoUsed: [String: String]
  private let options: Options

  private enum Source {
    case words(Speech)
    case notes(Notes)
    case recording(Vocoder, DilatedVoice)

    var sampleRate: Int {
      switch self {
      case .words(let speech): speech.sampleRate
      case .notes(let notes): notes.sampleRate
      case .recording(let vocoder, _): vocoder.description.sampleRate
      }
    }
  }

  static func make(_ options: Options, _ environment: StageEnvironment) throws -> SynthesizeStage {
    let specification = try environment.specification(for: "synthesize")
    let asked = try AskedSound(options)
    let precision = options.text("precision")
    let entry = try AudioSynth.entry(options.text("model"), for: asked, specification)
    var alsoUsed: [String: String] = [:]
    let source: Source
    switch try SoundFile(contentsOf: entry.weights) {
    case .words(let model): source = .words(try Speech(model, precision: precision))
    case .voices(let model):
      let other = try AudioSynth.entry(of: .vocoder, specification)
      alsoUsed["vocoder SHA-256"] = try Digest.sha256(of: other.weights)
      source = .words(
        try Speech(model, vocoder: Vocoder(contentsOf: other.weights), precision: precision))
    case .notes(let model): source = .notes(try Notes(model, precision: precision))
    case .vocoder(let model):
      source = .recording(model, DilatedVoice(steps: try model.steps(precision)))
    case .judge: throw AudioSynth.onlyJudges(entry, specification)
    }
    return SynthesizeStage(
      source: source, modelName: entry.name, weightsSHA256: try Digest.sha256(of: entry.weights),
      alsoUsed: alsoUsed, options: options)
  }

  public func callAsFunction(_ text: String, context: StageContext) throws -> AudioClip {
    try sounds(text, context: context).together.clip()
  }

  /// Draw `index` alone, whatever the options say of it.
  func clip(draw index: Int) throws -> AudioClip {
    let context = StageContext()
    return try draws("", context, indices: [index]).map { draw in
      var samples: [Float] = []
      try draw.plan.render(workers: 1) { samples += $0 }
      return AudioClip(sampleRate: source.sampleRate, channels: 1, samples: samples)
    }[0]
  }

  private struct Draw: Sendable {
    let index: Int
    let plan: SoundPlan
    let values: [String: String]
    let isDrawn: Bool
  }

  /// The draws, none of them made yet; a file of one of them has the bytes of `--count 1 --first i`.
  func sounds(_ text: String, context: StageContext) throws -> DrawnSounds {
    let first = options.integer("first")
    let draws = try draws(text, context, indices: (0..<options.integer("count")).map { first + $0 })
    // Half a second between draws.
    let together = SoundPlan(draws.map(\.plan), gap: source.sampleRate / 2)
    let spectrogram = try SpectrogramFile(options.text("spectrogram"), sampleRate: source.sampleRate)
    try spectrogram?.check(together.frames)
    let single = try draws.map { (index: $0.index, sound: try sound($0.plan, [$0], text, context, nil)) }
    return DrawnSounds(
      single: single, together: try sound(together, draws, text, context, spectrogram))
  }

  private func draws(_ text: String, _ context: StageContext, indices: [Int]) throws -> [Draw] {
    let seed = UInt64(options.integer("seed"))
    let settings = DilatedStepper.Settings(
      temperature: options.number("temperature"), topP: options.number("top-p"))
    func drawn(_ index: Int, _ stream: String, _ bound: Int, _ count: Int = 1) -> [Int] {
      KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: stream)
        .integers(below: bound, count: count)
    }
    let asked = try AskedSound(options)
    switch source {
    case .words(let speech):
      let vocabulary = speech.vocabulary
      let said = try AskedSound.words(options, text)
      let words = try said.map { try vocabulary.words(in: $0) }
      let voice = try asked.speaker.map { try vocabulary.voice($0) }
      return indices.map { index in
        let words = words ?? drawn(index, "words", vocabulary.words.count, 3)
        let voice = voice ?? drawn(index, "voice", vocabulary.voices.count)[0]
        return Draw(
          index: index,
          plan: speech.plan(
            words, voice: voice, seed: seed, index: index, gap: options.number("gap"), settings),
          values: [
            "words": words.count > 100
              ? "\(words.count) words" : words.map { vocabulary.words[$0] }.joined(separator: " "),
            "speaker": vocabulary.voices[voice],
          ], isDrawn: asked.speaker == nil || said == nil)
      }
    case .notes(let notes):
      let score = try asked.score(notes, seconds: options.number("seconds"))
      let instrument = try asked.instrument.map { try notes.instrument($0) }
      return indices.map { index in
        let instrument =
          instrument ?? drawn(index, "instrument", notes.model.description.instruments.count)[0]
        let plan = notes.plan(
          score, instrument: instrument, velocity: options.integer("velocity"), seed: seed, index: index,
          settings)
        return Draw(
          index: index, plan: plan,
          values: [
            "instrument": notes.model.description.instruments[instrument],
            "notes": score.notes.count > 100
              ? "\(score.notes.count) notes" : score.notes.map { Score.name($0.pitch) }.joined(separator: " ")
              ,
          ], isDrawn: asked.instrument == nil)
      }
    case .recording(let vocoder, let voice):
      let file = URL(fileURLWithPath: asked.mel ?? "")
      let (features, sha) = try recording(file, vocoder, context)
      let hop = voice.hop
      return indices.map { index in
        let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "samples")
        let event = SoundEvent(start: 0, frames: features.count * hop) { write in
          let stream = voice.stream(noise, settings)
          for first in stride(from: 0, to: features.count, by: 200) {
            let levels = try stream(Array(features[first..<min(features.count, first + 200)]))
            try write(levels.map { MuLaw.sample(Int($0)) })
          }
        }
        return Draw(
          index: index, plan: SoundPlan([event]), values: ["mel SHA-256": sha], isDrawn: false)
      }
    }
  }

  /// What the vocoder is told of a recording, and the file's SHA-256.
  private func recording(_ file: URL, _ vocoder: Vocoder, _ context: StageContext) throws -> (
    features: [[Float]], sha256: String
  ) {
    let notices = context.startProgress("read", total: nil, unit: "")
    defer { notices.finish() }
    let data = try FileBytes.read(file)
    let input = try SoundInput(
      data, file.relativePath, sampleRate: vocoder.description.sampleRate, longest: 600
    ) { notices.log("pipeline: \($0)") }
    let features = try ChunkRunner.single {
      try vocoder.conditioner.frames(vocoder.conditioner.spectrogram(input.samples))
    }
    return (features, Digest.sha256(data))
  }

  private func sound(
    _ plan: SoundPlan, _ draws: [Draw], _ text: String, _ context: StageContext,
    _ spectrogram: SpectrogramFile?
  ) throws -> SoundStream {
    let rate = source.sampleRate
    let comment = try provenance(draws, text).comment()
    return SoundStream(
      sampleRate: rate, frames: plan.frames,
      encoding: try AudioEncoding(for: URL(fileURLWithPath: "sound.\(options.text("format"))")),
      comment: comment
    ) { write in
      let progress = context.startProgress("synthesize", total: plan.events.count, unit: "sounds")
      defer { progress.finish() }
      let start = ContinuousClock.now
      var shown: [Float] = []
      try plan.render(
        workers: context.workers, made: { progress.advance() }, check: context.checkCancelled
      ) { block in
        if spectrogram != nil { shown += block }
        try write(block)
      }
      try spectrogram?.write(shown)
      let taken = (ContinuousClock.now - start) / .seconds(1)
      let seconds = Double(plan.frames) / Double(rate)
      progress.finish()
      if context.progress != .quiet {
        progress.log(
          String(
            format: "pipeline: %.2f s of sound in %.2f s, %.1f times real time", seconds, taken,
            seconds / taken))
      }
    }
  }

  private func provenance(_ draws: [Draw], _ text: String) throws -> Provenance {
    var texts = options.texts
    // A replay is not to write it again.
    texts["spectrogram"] = ""
    var key: SampleKey?
    if draws.count == 1 {
      texts["count"] = "1"
      texts["first"] = "\(draws[0].index)"
      key = SampleKey(seed: UInt64(options.integer("seed")), index: draws[0].index)
    }
    let names = draws[0].values.keys
    let values = names.map { name -> (String, String) in
      let all = draws.map { $0.values[name] ?? "" }
      return (name, Set(all).count == 1 ? all[0] : all.joined(separator: ", "))
    }
    return Provenance(
      task: "audio-synth", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(
        text: text, values: alsoUsed.merging(values) { $1 }, isDrawn: draws[0].isDrawn), key: key,
      version: PipelineVersion.current, engine: try .current(), options: texts)
  }
}
