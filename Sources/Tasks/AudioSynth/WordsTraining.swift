internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// Trains a network on recordings of words.
struct WordsTraining {
  let recipe: WordsRecipe
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on held-out takes.
  func callAsFunction(_ data: SpokenWords) throws -> (model: AudioSynthModel, isFinished: Bool, loss: Double)
  {
    let device = try Device(request.device)
    let known = data.filter { !recipe.heldOutTakes.contains($0.take) }
    let watched = data.filter { recipe.heldOutTakes.contains($0.take) }
    guard !known.recordings.isEmpty, watched.recordings.count >= 2, recipe.frames >= 1 else {
      throw PipelineError.data(
        "takes to train on and takes to watch (\(recipe.heldOutTakes)) are both needed")
    }
    let model = try fresh(known)
    let training = recipe.training
    try model.network.initialize(seed: training.seed)
    try model.network.to(device: device)
    request.log.info(
      "\(model.network.parameterCount) parameters, \(model.network.configuration.reach + 1) samples seen")
    let conditioner = model.conditioner
    let (hop, frames) = (recipe.network.hop, recipe.frames)
    let family = model.family
    /// A piece of a recording that begins with frame `start`; what there is not of it is left out of the loss.
    @Sendable func piece(_ recording: SpokenWords.Recording, _ start: Int, _ frames: Int) -> (
      levels: [Float], features: [[Float]]
    ) {
      let count = (recording.levels.count + hop - 1) / hop
      var levels = [Float](repeating: -1, count: frames * hop)
      for index in 0..<min(frames * hop, recording.levels.count - start * hop) {
        levels[index] = Float(recording.levels[start * hop + index])
      }
      let all = conditioner.frames(word: recording.word, voice: recording.voice, count: count)
      let last = [Float](repeating: 0, count: conditioner.features)
      return (levels, (0..<frames).map { start + $0 < count ? all[start + $0] : last })
    }
    @Sendable func loss(_ pieces: [(levels: [Float], features: [[Float]])]) throws -> Tensor {
      let x = try Tensor(pieces.flatMap(\.levels), shape: [pieces.count, pieces[0].levels.count])
      let given = try conditioner(pieces.map(\.features))
      return try family.loss(
        x.to(device: device), given: Conditioning(spatial: given.spatial?.to(device: device)),
        noise: BatchNoise(seed: 0, first: 0, count: pieces.count))
    }
    let trainer = try Trainer(
      model: model.network, hidden: model.network.hiddenWeights, recipe: training,
      context: "\(try json(recipe.network)), \(recipe.frames) frames of \(known.recordings.count) recordings",
      folder: request.folder, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    // Whole recordings, each by itself: a mean over samples.
    let watch = { () throws -> Double in
      let parts = try ChunkRunner(workers: request.workers).map(watched.recordings.count) { index in
        let recording = watched.recordings[index]
        let count = (recording.levels.count + hop - 1) / hop
        return try loss([piece(recording, 0, count)]).scalar() * Double(recording.levels.count)
      }
      return parts.reduce(0, +) / Double(watched.recordings.reduce(0) { $0 + $1.levels.count })
    }
    let starts = known.recordings.map { max(1, ($0.levels.count + hop - 1) / hop - frames + 1) }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        try loss(
          (0..<training.chunkSize).map { row in
            let noise = KeyedNoise(
              seed: training.seed, sample: UInt64(chunk * training.chunkSize + row), step: UInt64(step),
              stream: "pieces")
            let index = noise.integers(below: known.recordings.count, count: 1)[0]
            let start = noise.integers(below: starts[index], count: 1, offset: 1)[0]
            return piece(known.recordings[index], start, frames)
          })
      },
      evaluate: { [("held-out bits/sample", try watch())] }, progress: { _, _ in progress.advance() })
    try model.network.roundToHalf()
    let last = try watch()
    return (try calibrated(model, watched), outcome == .finished, last)
  }

  /// What the network's activations reach on recordings.
  private func ranges(_ model: AudioSynthModel, _ watched: SpokenWords) throws -> DilatedRanges? {
    let hop = model.hop
    let all = try ChunkRunner(workers: request.workers).map(watched.recordings.count) {
      index -> DilatedRanges in
      let recording = watched.recordings[index]
      let frames = (recording.levels.count + hop - 1) / hop
      let levels =
        recording.levels.map(Float.init)
        + [Float](repeating: Float(MuLaw.silence), count: frames * hop - recording.levels.count)
      let previous = try Tensor(
        [Float(MuLaw.silence)] + levels.dropLast(), shape: [1, levels.count]
      ).to(.int64)
      let features = model.conditioner.frames(word: recording.word, voice: recording.voice, count: frames)
      return try DilatedRanges(
        model.network.activations(
          previous, features: Tensor(features.flatMap { $0 }, shape: [1, frames, model.conditioner.features]))
      )
    }
    return all.dropFirst().reduce(all.first) { $0?.union($1) }
  }

  /// The model that knows how its own kind of recordings looks to it.
  private func calibrated(_ model: AudioSynthModel, _ watched: SpokenWords) throws -> AudioSynthModel {
    try model.network.to(device: .cpu)
    var description = model.description
    let (words, voices) = (Array(description.words.indices), Array(description.voices.indices))
    description.ranges = try ranges(model, watched)
    description.typicality = Typicality(
      heldOut: try watched.recordings.map { recording in
        try Interrupt.check()
        let score = try SoundScore(
          recording.levels, model, words: words, voices: voices, workers: request.workers)
        return try AudioSynth.saving(score.total, recording.levels, model)
      })
    return try model.described(description)
  }

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func fresh(_ known: SpokenWords) throws -> AudioSynthModel {
    let hop = recipe.network.hop
    let lengths = try known.words.indices.map { word in
      try known.voices.indices.map { voice -> AudioSynthModel.Length in
        let logs = known.recordings.filter { $0.word == word && $0.voice == voice }
          .map { log(Double(($0.levels.count + hop - 1) / hop)) }
        guard !logs.isEmpty else {
          throw PipelineError.data(
            "there is no recording of '\(known.words[word])' by '\(known.voices[voice])'")
        }
        let mean = logs.reduce(0, +) / Double(logs.count)
        let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count)
        return .init(mean: mean, deviation: variance.squareRoot())
      }
    }
    let description = AudioSynthModel.Description(
      words: known.words, voices: known.voices, sampleRate: known.sampleRate, lengths: lengths)
    let network = recipe.network
    guard (1...4096).contains(hop), (2...65_536).contains(network.dilationLimit), network.stacks >= 1 else {
      throw PipelineError.usage("the recipe's network has no blocks: \(try json(network))")
    }
    let stack = sequence(first: 1) { $0 * 2 < network.dilationLimit ? $0 * 2 : nil }.map { $0 }
    let conditioner = WordConditioner(words: known.words, voices: known.voices, rate: 1)
    let configuration = DilatedCausalNetwork.Configuration(
      channels: network.channels, dilations: (0..<network.stacks).flatMap { _ in stack }, skip: network.skip,
      features: conditioner.features, condition: network.condition, hop: hop)
    guard description.isPlausible, configuration.isPlausible(for: description) else {
      throw PipelineError.usage("the recipe's network does not fit: \(try json(network))")
    }
    return try AudioSynthModel(configuration, description)
  }
}
