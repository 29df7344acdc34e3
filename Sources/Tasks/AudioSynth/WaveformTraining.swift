internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// A recording with what a network is told of each of its frames.
struct ToldRecording: Sendable {
  /// 0…255, by `MuLaw`.
  var levels: [UInt8]
  /// `[F][features]`, F the frames begun.
  var features: [[Float]]
}

/// The network of a recipe.
struct WaveNetRecipe: Codable, Sendable, Equatable {
  var channels: Int
  /// Of one stack of blocks: 1, 2, 4 … below this power of two.
  var dilationLimit: Int
  var stacks: Int
  var skip: Int
  var condition: Int
  /// Samples of a frame.
  var hop: Int

  /// - Throws: `PipelineError` of kind `.usage` for a network that cannot be.
  func configuration(for description: some SoundDescription) throws -> DilatedCausalNetwork.Configuration {
    let json = try MetadataText.json(self)
    guard (1...4096).contains(hop), (2...65_536).contains(dilationLimit), (1...64).contains(stacks) else {
      throw PipelineError.usage("the recipe's network has no blocks: \(json)")
    }
    let stack = sequence(first: 1) { $0 * 2 < dilationLimit ? $0 * 2 : nil }.map { $0 }
    let configuration = DilatedCausalNetwork.Configuration(
      channels: channels, dilations: (0..<stacks).flatMap { _ in stack }, skip: skip,
      features: description.features, condition: condition, hop: hop)
    guard description.isPlausible, configuration.isPlausible(for: description) else {
      throw PipelineError.usage("the recipe's network does not fit: \(json)")
    }
    return configuration
  }
}

/// Teaches a model of sound to foretell each sample of recordings from those before.
struct WaveformTraining {
  let training: TrainingRecipe
  /// Frames of one training sample.
  let frames: Int
  /// Frames before a training sample that are heard but not learned.
  var lead = 0
  /// The deviation, in levels, of what is heard from what was recorded.
  var jitter = 0.0
  /// What checkpoints of the same run have alike.
  let context: String
  let request: TrainingRequest

  /// Trains `model` in place, and leaves its averaged weights in it, rounded as files have them.
  /// - Parameter watched: what the loss is watched on.
  /// - Returns: whether the run is finished, and the loss on `watched` in bits a sample.
  func callAsFunction<Description>(
    _ model: SoundModel<Description>, _ known: [ToldRecording], watched: [ToldRecording]
  ) throws -> (isFinished: Bool, loss: Double) {
    guard !known.isEmpty, !watched.isEmpty, (1...100_000).contains(frames), (0...10_000).contains(lead),
      (0...64).contains(jitter)
    else {
      throw PipelineError.data(
        "recordings to train on and some to watch are both needed, and pieces of frames")
    }
    let device = try Device(request.device)
    try model.network.initialize(seed: training.seed)
    try model.network.to(device: device)
    request.log.info(
      "\(model.network.parameterCount) parameters, \(model.network.configuration.reach + 1) samples seen")
    let family = model.family
    let (hop, frames, lead, jitter, training) = (
      model.hop, self.frames, self.lead, self.jitter, self.training
    )
    let blank = [Float](repeating: 0, count: model.description.features)
    /// A piece of a recording that begins with frame `start`; what there is not of it is left out of the loss.
    @Sendable func piece(_ recording: ToldRecording, _ start: Int, _ frames: Int) -> ToldPiece {
      var levels = [Float](repeating: -1, count: frames * hop)
      for index in 0..<min(frames * hop, recording.levels.count - start * hop) {
        levels[index] = Float(recording.levels[start * hop + index])
      }
      let all = recording.features
      return ToldPiece(
        levels: levels, features: (0..<frames).flatMap { start + $0 < all.count ? all[start + $0] : blank })
    }
    /// The same, with what is heard before it, as it is heard.
    @Sendable func heard(_ recording: ToldRecording, _ start: Int, _ noise: KeyedNoise) -> ToldPiece {
      let grain = jitter > 0 ? noise.normal(count: (lead + frames) * hop) : []
      var before = ToldPiece(levels: [], features: [])
      for frame in start - lead..<start {
        before.levels += (frame * hop..<(frame + 1) * hop).map {
          frame < 0 ? Float(MuLaw.silence) : Float(recording.levels[$0])
        }
        before.features += recording.features[max(0, frame)]
      }
      var whole = piece(recording, start, frames)
      whole.heard = before.levels + whole.levels.map { $0 < 0 ? Float(MuLaw.silence) : $0 }
      if jitter > 0 {
        for index in whole.heard.indices {
          let level = whole.heard[index] + (Float(jitter) * grain[index]).rounded()
          whole.heard[index] = min(max(level, 0), Float(MuLaw.levels - 1))
        }
      }
      whole.levels = [Float](repeating: -1, count: lead * hop) + whole.levels
      whole.features = before.features + whole.features
      return whole
    }
    @Sendable func loss(_ pieces: [ToldPiece], frames: Int) throws -> Tensor {
      let x = try Tensor(pieces.flatMap(\.levels), shape: [pieces.count, frames * hop]).to(device: device)
      let told = try Tensor(pieces.flatMap(\.features), shape: [pieces.count, frames, blank.count])
      let given = Conditioning(spatial: try told.permuted([0, 2, 1]).to(device: device))
      guard pieces.allSatisfy({ $0.heard.isEmpty }) else {
        let heard = try Tensor(pieces.flatMap(\.heard), shape: [pieces.count, frames * hop])
        return try family.loss(x, hearing: heard.to(device: device), given: given)
      }
      return try family.loss(x, given: given, noise: BatchNoise(seed: 0, first: 0, count: pieces.count))
    }
    let trainer = try Trainer(
      model: model.network, hidden: model.network.hiddenWeights, recipe: training, context: context,
      folder: request.folder, start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    // Whole recordings, each by itself: a mean over samples.
    let watch = { () throws -> Double in
      let parts = try ChunkRunner(workers: request.workers).map(watched.count) { index in
        let recording = watched[index]
        let count = recording.features.count
        return try loss([piece(recording, 0, count)], frames: count).scalar() * Double(recording.levels.count)
      }
      return parts.reduce(0, +) / Double(watched.reduce(0) { $0 + $1.levels.count })
    }
    let starts = known.map { max(1, $0.features.count - frames + 1) }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        try loss(
          (0..<training.chunkSize).map { row in
            let noise = KeyedNoise(
              seed: training.seed, sample: UInt64(chunk * training.chunkSize + row), step: UInt64(step),
              stream: "pieces")
            let index = noise.integers(below: known.count, count: 1)[0]
            let start = noise.integers(below: starts[index], count: 1, offset: 1)[0]
            return lead > 0 || jitter > 0
              ? heard(
                known[index], start,
                KeyedNoise(seed: noise.seed, sample: noise.sample, step: noise.step, stream: "jitter"))
              : piece(known[index], start, frames)
          }, frames: lead + frames)
      },
      evaluate: { [("held-out bits/sample", try watch())] }, progress: { _, _ in progress.advance() })
    try model.network.round(to: training.storage ?? .half)
    let last = try watch()
    try model.network.to(device: .cpu)
    return (outcome == .finished, last)
  }

  /// What the network's activations reach on recordings.
  func ranges<Description>(_ model: SoundModel<Description>, _ watched: [ToldRecording]) throws
    -> DilatedRanges?
  {
    let hop = model.hop
    let all = try ChunkRunner(workers: request.workers).map(watched.count) { index -> DilatedRanges in
      let recording = watched[index]
      let frames = recording.features.count
      let levels =
        recording.levels.map(Float.init)
        + [Float](repeating: Float(MuLaw.silence), count: frames * hop - recording.levels.count)
      let previous = try Tensor(
        [Float(MuLaw.silence)] + levels.dropLast(), shape: [1, levels.count]
      ).to(.int64)
      return try DilatedRanges(
        model.network.activations(
          previous,
          features: Tensor(
            recording.features.flatMap { $0 }, shape: [1, frames, model.description.features])))
    }
    return all.dropFirst().reduce(all.first) { $0?.union($1) }
  }
}

private struct ToldPiece: Sendable {
  var levels: [Float]
  /// The levels as they are heard, where they are not `levels` themselves.
  var heard: [Float] = []
  /// One frame after the other.
  var features: [Float]
}
