internal import Conditioners
internal import Families
internal import Foundation
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// Who says what, by a network that shares nothing with the models that speak: it looks at mel spectrograms, and knows
/// P(word, voice | sound) alone.
struct SoundJudge: Sendable {
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("audio-synth-judge", "a judge of audio-synth")

    var words: [String]
    var voices: [String]
    var sampleRate: Int
    /// Largest shift of a training picture, in frames and bands.
    var shift: Int
    var network: ConvolutionalClassifier.Configuration
  }

  let description: Description
  let network: ConvolutionalClassifier
  let family: DiscriminativeFamily

  var vocabulary: Vocabulary { Vocabulary(words: description.words, voices: description.voices) }

  static let (bands, frames) = (32, 48)

  /// With fresh weights.
  init(_ description: Description) throws {
    let network = try ConvolutionalClassifier(description.network)
    self.network = network
    self.description = description
    family = DiscriminativeFamily(
      shift: description.shift, mirrors: false, features: { try network.features($0) },
      scores: { try network.head($0) })
  }

  init(contentsOf file: URL) throws {
    try self.init(Description(contentsOf: file))
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  /// `[1, bands, frames]` over 0…1 of a recording: its middle, or with silence to both sides.
  static func picture(_ levels: [UInt8], sampleRate: Int) throws -> Tensor {
    // A frame is 16 ms, three quarters of a second in all.
    let hop = sampleRate * 16 / 1000
    let all = try Spectrogram(sampleRate: sampleRate, window: 2 * hop, hop: hop, bands: bands)(
      levels.map { MuLaw.sample(Int($0)) })
    let count = all.shape[1]
    if count >= frames { return try all.narrow(1, start: (count - frames) / 2, length: frames).unsqueezed(0) }
    let left = (frames - count) / 2
    return try all.padded([left, frames - count - left]).unsqueezed(0)
  }

  /// The most probable word and voice of each recording.
  func verdicts(_ recordings: [[UInt8]], workers: Int) throws -> [(word: Int, voice: Int)] {
    let (words, voices) = (description.words.count, description.voices.count)
    let chunk = 50
    return try ChunkRunner(workers: workers).map((recordings.count + chunk - 1) / chunk) { index in
      try Interrupt.check()
      let some = recordings[index * chunk..<min(recordings.count, (index + 1) * chunk)]
      let x = try Tensor.stack(some.map { try Self.picture($0, sampleRate: description.sampleRate) })
      let joint = try family.logPosterior(x).exp().reshaped([some.count, words, voices])
      let word = try joint.sum([2]).argmax(1).elements(Int64.self)
      let voice = try joint.sum([1]).argmax(1).elements(Int64.self)
      return zip(word, voice).map { (Int($0), Int($1)) }
    }.flatMap { $0 }
  }
}

extension SoundJudge.Description {
  var isPlausible: Bool {
    (1...1000).contains(words.count) && (1...1000).contains(voices.count)
      && (1000...192_000).contains(sampleRate) && (0...16).contains(shift) && network.pictureChannels == 1
      && network.classes == words.count * voices.count && network.isPlausible
  }
}

/// The recipe of the judge.
struct JudgeRecipe: SoundRecipe, Sendable, Equatable {
  var family: String
  var heldOutTakes: [Int]
  var channels: [Int]
  var blocks: Int
  var shift: Int
  var training: TrainingRecipe
}

extension SoundJudge {
  /// Trains a judge on recordings.
  static func trained(_ recipe: JudgeRecipe, _ data: SpokenWords, _ request: TrainingRequest) throws -> (
    judge: SoundJudge, isFinished: Bool, accuracy: Double
  ) {
    let known = data.filter { !recipe.heldOutTakes.contains($0.take) }
    let watched = data.filter { recipe.heldOutTakes.contains($0.take) }
    guard !known.recordings.isEmpty, !watched.recordings.isEmpty else {
      throw PipelineError.data(
        "takes to train on and takes to watch (\(recipe.heldOutTakes)) are both needed")
    }
    let pairs = data.words.flatMap { word in data.voices.map { "\(word) by \($0)" } }
    let judge = try SoundJudge(
      .init(
        words: data.words, voices: data.voices, sampleRate: data.sampleRate, shift: recipe.shift,
        network: .init(
          pictureChannels: 1, channels: recipe.channels, blocks: recipe.blocks, classes: pairs.count)))
    let training = recipe.training
    try judge.network.initialize(seed: training.seed)
    let pictures = try ChunkRunner(workers: request.workers).map(known.recordings.count) {
      try picture(known.recordings[$0].levels, sampleRate: known.sampleRate)
    }
    let conditioner = ClassConditioner(classes: pairs)
    let voices = data.voices.count
    let trainer = try Trainer(
      model: judge.network, hidden: judge.network.hiddenWeights, recipe: training,
      context:
        "judge \(recipe.channels) \(recipe.blocks) \(recipe.shift), \(known.recordings.count) recordings",
      folder: request.folder, start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      let verdicts = try judge.verdicts(watched.recordings.map(\.levels), workers: request.workers)
      let right = zip(verdicts, watched.recordings).count { $0.word == $1.word && $0.voice == $1.voice }
      return Double(right) / Double(watched.recordings.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let noise = BatchNoise(
          seed: training.seed,
          samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) },
          firstStep: step)
        let rows = noise.samples.indices.map {
          noise.row($0, stream: "recordings").integers(below: known.recordings.count, count: 1)[0]
        }
        let labels = rows.map { known.recordings[$0].word * voices + known.recordings[$0].voice }
        return try judge.family.loss(
          .stack(rows.map { pictures[$0] }), given: conditioner(labels), noise: noise)
      },
      evaluate: { [("held-out accuracy", try watch())] }, progress: { _, _ in progress.advance() })
    try judge.network.round(to: training.storage ?? .half)
    return (judge, outcome == .finished, try watch())
  }
}
