internal import Conditioners
internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import StepInference
internal import Torch

/// Draws that are asked for, none of them made yet.
struct SoundDraws: Sendable {
  struct Draw: Sendable {
    let index: Int
    let plan: SoundPlan
    let values: [String: String]
    let isDrawn: Bool
  }

  let draws: [Draw]
  /// The file that decides what is heard.
  let input: AskedSound.NamedInput?

  /// Words or notes of all draws together: each takes memory before it is made.
  private static let most = 400_000

  /// - Throws: `PipelineError` of kind `.usage` for more than fit into memory.
  static func check(_ each: Int, _ noun: String, draws: Int) throws {
    guard each * draws <= most else {
      throw PipelineError.usage(
        "\(draws) draws of \(each) \(noun) are too many; --count of at most \(most / each) would be right")
    }
  }
}

extension DilatedStepper.Settings {
  /// - Parameter ownTemperature: of the model, where the options say nothing else.
  init(_ options: Options, ownTemperature: Double) {
    let asked = options.number("temperature")
    self.init(temperature: asked < 0 ? ownTemperature : asked, topP: options.number("top-p"))
  }
}

extension SynthesizeStage {
  func draws(_ text: String, _ context: StageContext, indices: Range<Int>) throws -> SoundDraws {
    let seed = UInt64(options.integer("seed"))
    let settings = DilatedStepper.Settings(options, ownTemperature: source.temperature)
    func drawn(_ index: Int, _ stream: String, _ bound: Int, _ count: Int = 1) -> [Int] {
      KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: stream)
        .integers(below: bound, count: count)
    }
    let asked = try AskedSound(options)
    if asked.kind != .words { try asked.checkNoWords(text) }
    switch source {
    case .words(let speech):
      let vocabulary = speech.vocabulary
      let said = try AskedSound.words(options, text)
      let words = try said.map { try vocabulary.words(in: $0) }
      let voice = try asked.speaker.map { try vocabulary.voice($0) }
      try SoundDraws.check(words?.count ?? 3, "words", draws: indices.count)
      return SoundDraws(
        draws: indices.map { index in
          let words = words ?? drawn(index, "words", vocabulary.words.count, 3)
          let voice = voice ?? drawn(index, "voice", vocabulary.voices.count)[0]
          return SoundDraws.Draw(
            index: index,
            plan: speech.plan(
              words, voice: voice, seed: seed, index: index, gap: options.number("gap"), settings),
            values: [
              "words": words.count > 100
                ? "\(words.count) words" : words.map { vocabulary.words[$0] }.joined(separator: " "),
              "speaker": vocabulary.voices[voice],
            ], isDrawn: asked.speaker == nil || said == nil)
        }, input: nil)
    case .notes(let notes):
      let (score, input) = try asked.score(notes, seconds: options.number("seconds"))
      try SoundDraws.check(score.notes.count, "notes", draws: indices.count)
      let instrument = try asked.instrument.map { try notes.instrument($0) }
      return SoundDraws(
        draws: indices.map { index in
          let instrument =
            instrument ?? drawn(index, "instrument", notes.model.description.instruments.count)[0]
          let plan = notes.plan(
            score, instrument: instrument, velocity: options.integer("velocity"), seed: seed, index: index,
            settings)
          return SoundDraws.Draw(
            index: index, plan: plan,
            values: [
              "instrument": notes.model.description.instruments[instrument],
              "notes": score.notes.count > 100
                ? "\(score.notes.count) notes"
                : score.notes.map { Score.name($0.pitch) }.joined(separator: " "),
            ], isDrawn: asked.instrument == nil)
        }, input: input)
    case .recording(let vocoder, let voice):
      let file = try asked.recording()
      let features = try features(file, vocoder, context)
      let hop = voice.hop
      return SoundDraws(
        draws: indices.map { index in
          let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "samples")
          let event = SoundEvent(start: 0, frames: features.count * hop) { write in
            let stream = voice.stream(noise, settings)
            for first in stride(from: 0, to: features.count, by: 200) {
              let levels = try stream(Array(features[first..<min(features.count, first + 200)]))
              try write(levels.map { MuLaw.sample(Int($0)) })
            }
          }
          return SoundDraws.Draw(index: index, plan: SoundPlan([event]), values: [:], isDrawn: false)
        }, input: file.input)
    }
  }

  /// What the vocoder is told of a recording.
  private func features(_ file: AskedSound.File, _ vocoder: Vocoder, _ context: StageContext) throws
    -> [[Float]]
  {
    let notices = context.startProgress("read", total: nil, unit: "")
    defer { notices.finish() }
    let input = try SoundInput(
      file.data, file.name, sampleRate: vocoder.description.sampleRate, longest: 600
    ) { notices.log("pipeline: \($0)") }
    return try ChunkRunner.single {
      try vocoder.conditioner.frames(vocoder.conditioner.spectrogram(input.samples))
    }
  }
}
