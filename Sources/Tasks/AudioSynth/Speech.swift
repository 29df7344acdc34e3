internal import Conditioners
internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// Says words in voices: by a `WordsModel` alone, or by a `VoicesModel` whose spectrograms a `Vocoder` makes sound of.
struct Speech: Sendable {
  /// Of which word it is, for what is random in it.
  struct Key: Sendable {
    var seed: UInt64
    /// The draw's index.
    var sample: UInt64
    /// The word's place in the draw.
    var place: UInt64

    func noise(_ stream: String) -> KeyedNoise {
      KeyedNoise(seed: seed, sample: sample, step: place, stream: stream)
    }
  }

  let vocabulary: Vocabulary
  let sampleRate: Int
  private let lengths: [[WordsDescription.Length]]
  private let voice: DilatedVoice
  private let features: @Sendable (_ word: Int, _ voice: Int, _ frames: Int, _ key: Key) throws -> [[Float]]

  init(_ model: WordsModel, precision: String) throws {
    vocabulary = model.vocabulary
    sampleRate = model.description.sampleRate
    lengths = model.description.lengths
    voice = DilatedVoice(steps: try model.steps(precision))
    let conditioner = model.conditioner
    features = { word, voice, frames, _ in conditioner.frames(word: word, voice: voice, count: frames) }
  }

  /// - Throws: `PipelineError` of kind `.usage` for a vocoder of other spectrograms.
  init(_ model: VoicesModel, vocoder: Vocoder, precision: String) throws {
    let conditioner = model.conditioner
    guard conditioner == vocoder.conditioner else {
      throw PipelineError.usage("the voices and the vocoder were trained on different spectrograms")
    }
    vocabulary = Vocabulary(words: model.description.words, voices: model.description.voices)
    sampleRate = model.description.sampleRate
    lengths = model.description.lengths
    voice = DilatedVoice(steps: try vocoder.steps(precision))
    features = { word, voice, frames, key in
      // More than a sampler's 10,000 steps lie between two words, and 100,000 words stay below 2^32.
      let noise = BatchNoise(seed: key.seed, samples: [key.sample], firstStep: Int(key.place) << 15)
      return try ChunkRunner.single {
        try conditioner.frames(model.draw(word: word, voice: voice, frames: frames, noise: noise))
      }
    }
  }

  /// How long the word takes, in frames.
  private func frames(_ word: Int, _ voice: Int, _ key: Key) -> Int {
    let length = lengths[word][voice]
    let deviate = Double(key.noise("length").normal(count: 1)[0])
    // The tails of lengths hold what was hardly ever heard.
    return max(4, Int(exp(length.mean + length.deviation * min(1.5, max(-1.5, deviate))).rounded()))
  }

  /// One word, to be made.
  func event(
    word: Int, voice: Int, at start: Int, _ key: Key, _ settings: DilatedStepper.Settings
  ) -> SoundEvent {
    let frames = frames(word, voice, key)
    let (sound, features) = (self.voice, self.features)
    return SoundEvent(start: start, frames: frames * sound.hop) { write in
      let drawn = try sound.stream(key.noise("samples"), settings)(features(word, voice, frames, key))
      try write(drawn.map { MuLaw.sample(Int($0)) })
    }
  }

  /// Words after one another in a voice, `gap` seconds apart.
  func plan(
    _ words: [Int], voice: Int, seed: UInt64, index: Int, gap: Double, _ settings: DilatedStepper.Settings
  )
    -> SoundPlan
  {
    var start = 0
    return SoundPlan(
      words.enumerated().map { place, word in
        let key = Key(seed: seed, sample: UInt64(index), place: UInt64(place))
        let event = event(word: word, voice: voice, at: start, key, settings)
        start += event.frames + Int(gap * Double(sampleRate))
        return event
      })
  }
}

/// Streams of a network that is stepped through.
struct DilatedVoice: Sendable {
  let steps: DilatedSteps

  var hop: Int { steps.configuration.hop }

  /// A sound that goes on with every call, which takes the features of the next frames and gives their levels.
  func stream(_ noise: KeyedNoise, _ settings: DilatedStepper.Settings) -> (_ features: [[Float]]) throws ->
    [UInt8]
  {
    let stepper = DilatedStepper(steps, silence: MuLaw.silence)
    var drawn = 0
    return { features in
      let count = features.count * hop
      let conditions = try ChunkRunner.single { try steps.conditions(features) }
      defer { drawn += count }
      return stepper.draw(conditions[...], uniforms: noise.uniform(count: count, offset: drawn), settings)
    }
  }
}
