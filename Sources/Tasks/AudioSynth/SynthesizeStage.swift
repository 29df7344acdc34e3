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
  let source: Source
  private let modelName: String
  private let weightsSHA256: String
  /// What else the sound depends on.
  private let alsoUsed: [String: String]
  let options: Options

  enum Source {
    case words(Speech)
    case notes(Notes)
    case recording(Vocoder, DilatedVoice)

    /// Of draws, where the options say nothing else.
    var temperature: Double {
      if case .notes(let notes) = self { return notes.model.description.temperature }
      return 1
    }

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
    let entry = try AudioSynth.entry(
      options.text("model"), isGiven: options.isGiven("model"), for: asked, specification)
    let source: Source
    switch try SoundFile(contentsOf: entry.weights) {
    case .words(let model): source = .words(try Speech(model, precision: precision))
    case .voices(let model):
      let other = try AudioSynth.entry(of: .vocoder, specification)
      source = .words(
        try Speech(model, vocoder: Vocoder(contentsOf: other.weights), precision: precision))
    case .notes(let model): source = .notes(try Notes(model, precision: precision))
    case .vocoder(let model):
      source = .recording(model, DilatedVoice(steps: try model.steps(precision)))
    case .judge: throw AudioSynth.onlyJudges(entry, specification)
    }
    return SynthesizeStage(
      source: source, modelName: entry.name, weightsSHA256: try Digest.sha256(of: entry.weights),
      alsoUsed: try AudioSynth().otherWeights(["model": entry.name], specification), options: options)
  }

  public func callAsFunction(_ text: String, context: StageContext) throws -> AudioClip {
    try sounds(text, context: context).together.clip()
  }

  /// Draw `index` alone, whatever the options say of it.
  func clip(draw index: Int) throws -> AudioClip {
    let drawn = try draws("", StageContext(), indices: index..<index + 1)
    var samples: [Float] = []
    try drawn.draws[0].plan.render(workers: 1) { samples += $0 }
    return AudioClip(sampleRate: source.sampleRate, channels: 1, samples: samples)
  }

  /// The draws, none of them made yet; a file of one of them has the bytes of `--count 1 --first i`.
  func sounds(_ text: String, context: StageContext) throws -> DrawnSounds {
    let drawn = try draws(text, context, indices: AskedSound.indices(options))
    // Half a second between draws.
    let together = SoundPlan(drawn.draws.map(\.plan), gap: source.sampleRate / 2)
    let spectrogram = try SpectrogramFile(options.text("spectrogram"), sampleRate: source.sampleRate)
    let isAlone = drawn.draws.count == 1
    if spectrogram?.isFolder == true {
      for draw in drawn.draws { try spectrogram?.check(draw.plan.frames) }
    } else {
      try spectrogram?.check(together.frames)
    }
    func single(_ draw: SoundDraws.Draw) throws -> SoundStream {
      try sound(
        draw.plan, SoundDraws(draws: [draw], input: drawn.input), text, context,
        isAlone || spectrogram?.isFolder == true ? spectrogram?.picture(of: draw.index) : nil,
        makesFolder: spectrogram?.isFolder == true)
    }
    if isAlone {
      let one = try single(drawn.draws[0])
      return DrawnSounds(single: [(drawn.draws[0].index, one)], together: one)
    }
    return DrawnSounds(
      single: try drawn.draws.map { (index: $0.index, sound: try single($0)) },
      together: try sound(
        together, drawn, text, context, spectrogram?.isFolder == true ? nil : spectrogram,
        makesFolder: false),
      beside: spectrogram.map {
        .init(option: "spectrogram", value: options.text("spectrogram"), isOfEach: $0.isFolder)
      })
  }

  private func sound(
    _ plan: SoundPlan, _ drawn: SoundDraws, _ text: String, _ context: StageContext,
    _ spectrogram: SpectrogramFile?, makesFolder: Bool
  ) throws -> SoundStream {
    let rate = source.sampleRate
    let comment = try provenance(drawn, text).comment()
    return SoundStream(
      sampleRate: rate, frames: plan.frames,
      encoding: try AudioEncoding(for: URL(fileURLWithPath: "sound.\(options.text("format"))")),
      comment: comment, prepare: { try spectrogram?.prepare(makesFolder: makesFolder) }
    ) { write in
      // By the seconds that have come, as one sound may take hours.
      let progress = context.startProgress(
        "synthesize", total: (plan.frames + rate - 1) / rate, unit: "seconds")
      defer { progress.finish() }
      let start = ContinuousClock.now
      var shown: [Float] = []
      var (come, told) = (0, 0)
      try plan.render(workers: context.workers, check: context.checkCancelled) { block in
        if spectrogram != nil { shown += block }
        try write(block)
        come += block.count
        progress.advance(by: come / rate - told)
        told = come / rate
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

  private func provenance(_ drawn: SoundDraws, _ text: String) throws -> Provenance {
    let draws = drawn.draws
    var texts = options.texts
    // The one that made it, also where another is the default.
    texts["model"] = modelName
    // A replay is not to write it again.
    texts["spectrogram"] = ""
    if let input = drawn.input { texts[input.option] = "" }
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
        inputSHA256: drawn.input?.sha256, inputOption: drawn.input?.option, text: text,
        values: alsoUsed.merging(values) { $1 }, isDrawn: draws[0].isDrawn), key: key,
      version: PipelineVersion.current, engine: try .current(), options: texts)
  }
}
