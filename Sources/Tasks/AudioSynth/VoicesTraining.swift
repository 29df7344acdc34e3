internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a model of words' mel spectrograms.
struct VoicesRecipe: SoundRecipe, Sendable, Equatable {
  struct Network: Codable, Sendable, Equatable {
    /// Side of the squares of the spectrogram that become channels.
    var patch: Int
    /// Of each level of the UNet; multiples of 8.
    var channels: [Int]
    /// Of each level, down and up.
    var blocks: Int
    /// Even.
    var embedding: Int
    var sampler: DiffusionFamily.SamplerSettings
  }

  var family: String
  var heldOutTakes: [Int]
  /// Of the mel spectrogram, as the vocoder has them.
  var bands: Int
  var hop: Int
  var window: Int
  /// To which every word is stretched.
  var columns: Int
  var network: Network
  var training: TrainingRecipe
}

/// Trains a diffusion model on the mel spectrograms of words.
struct VoicesTraining {
  let recipe: VoicesRecipe
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on held-out takes.
  func callAsFunction(_ data: SpokenWords) throws -> (model: VoicesModel, isFinished: Bool, loss: Double) {
    let known = data.filter { !recipe.heldOutTakes.contains($0.take) }
    let watched = data.filter { recipe.heldOutTakes.contains($0.take) }
    guard !known.recordings.isEmpty, !watched.recordings.isEmpty else {
      throw PipelineError.data(
        "takes to train on and takes to watch (\(recipe.heldOutTakes)) are both needed")
    }
    let training = recipe.training
    let (model, pictures) = try fresh(known)
    let watchedPictures = try stretched(watched, model.conditioner)
    request.log.info("\(model.network.parameterCount) parameters")
    try model.network.initialize(seed: training.seed)
    let computeType: DType = training.precision == .bfloat16 ? .bfloat16 : .float32
    model.network.setComputeType(computeType)
    let hop = recipe.hop
    @Sendable func loss(_ rows: [(picture: Tensor, recording: SpokenWords.Recording)], _ noise: BatchNoise)
      throws
      -> Tensor
    {
      let told = rows.flatMap { row in
        model.told(
          word: row.recording.word, voice: row.recording.voice,
          frames: (row.recording.levels.count + hop - 1) / hop)
      }
      return try model.family.loss(
        .stack(rows.map(\.picture)),
        given: Conditioning(global: Tensor(told, shape: [rows.count, told.count / rows.count])), noise: noise)
    }
    let trainer = try Trainer(
      model: model.network, hidden: model.network.hiddenWeights, recipe: training,
      context:
        "\(try MetadataText.json(recipe.network)), \(recipe.bands)×\(recipe.columns), \(known.recordings.count) recordings",
      folder: request.folder, start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      model.network.setComputeType(.float32)
      defer { model.network.setComputeType(computeType) }
      let (size, count) = (30, watched.recordings.count)
      let parts = try ChunkRunner(workers: request.workers).map((count + size - 1) / size) { chunk in
        let rows = chunk * size..<min(count, (chunk + 1) * size)
        return try loss(
          rows.map { (watchedPictures[$0], watched.recordings[$0]) },
          BatchNoise(seed: 0, first: rows.lowerBound, count: rows.count)
        ).scalar() * Double(rows.count)
      }
      return parts.reduce(0, +) / Double(count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let noise = BatchNoise(
          seed: training.seed,
          samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step)
        let rows = noise.samples.indices.map {
          noise.row($0, stream: "recordings").integers(below: known.recordings.count, count: 1)[0]
        }
        return try loss(rows.map { (pictures[$0], known.recordings[$0]) }, noise)
      },
      evaluate: { [("held-out loss", try watch())] }, progress: { _, _ in progress.advance() })
    try model.network.round(to: training.storage ?? .half)
    let last = try watch()
    model.network.setComputeType(.float32)
    return (model, outcome == .finished, last)
  }

  /// `[1, bands, columns]` of each recording.
  private func stretched(_ data: SpokenWords, _ conditioner: MelConditioner) throws -> [Tensor] {
    try ChunkRunner(workers: request.workers).map(data.recordings.count) { index in
      let samples = data.recordings[index].levels.map { MuLaw.sample(Int($0)) }
      return try VoicesModel.stretched(conditioner.spectrogram(samples), to: recipe.columns).unsqueezed(0)
    }
  }

  /// A model with fresh weights, and what it is trained on.
  private func fresh(_ known: SpokenWords) throws -> (VoicesModel, [Tensor]) {
    guard (1...4096).contains(recipe.hop), (1...1024).contains(recipe.columns),
      MelDescription(sampleRate: known.sampleRate, bands: recipe.bands, window: recipe.window).isPlausible
    else {
      throw PipelineError.usage(
        "the recipe's spectrogram cannot be: \(recipe.bands) bands, hop \(recipe.hop), window \(recipe.window), "
          + "\(recipe.columns) columns")
    }
    let conditioner = MelConditioner(
      sampleRate: known.sampleRate, hop: recipe.hop, bands: recipe.bands, window: recipe.window)
    let pictures = try stretched(known, conditioner)
    let all = try Tensor.stack(pictures)
    let mean = try all.mean().scalar()
    let deviation = try (all - mean).squared().mean().scalar().squareRoot()
    let network = recipe.network
    let description = VoicesModel.Description(
      words: known.words, voices: known.voices, sampleRate: known.sampleRate, bands: recipe.bands,
      columns: recipe.columns, hop: recipe.hop, window: recipe.window,
      lengths: try known.lengths(hop: recipe.hop),
      network: .init(
        pictureChannels: 1, patch: network.patch, channels: network.channels, blocks: network.blocks,
        embedding: network.embedding,
        condition: VoicesModel.Description.features(words: known.words.count, voices: known.voices.count)),
      family: .init(mean: mean, deviation: deviation), sampler: network.sampler)
    guard description.isPlausible else {
      throw PipelineError.usage("the recipe's network does not fit: \(try MetadataText.json(network))")
    }
    return (try VoicesModel(description), pictures)
  }
}
