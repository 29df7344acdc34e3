internal import Families
internal import Foundation
internal import Logging
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a model of captions.
struct CaptionRecipe: Codable, Sendable, Equatable {
  struct Text: Codable, Sendable, Equatable {
    var width: Int
    var layers: Int
    var heads: Int
  }

  struct Network: Codable, Sendable, Equatable {
    /// Side of the squares of pixels that become channels.
    var patch: Int
    /// Of each level of the UNet; multiples of 8.
    var channels: [Int]
    /// Of each level, down and up.
    var blocks: Int
    /// Even.
    var embedding: Int
    /// Levels, from the lowest, that attend to the words.
    var attendingLevels: Int
    /// Levels, from the lowest, whose pixels attend to one another behind every block.
    var selfAttendingLevels: Int
    /// Blocks in the middle beside the usual two; nil for none.
    var middleBlocks: Int?
    /// Whether pixels of the lowest level are told their places.
    var hasPositions: Bool?
    var sampler: DiffusionFamily.SamplerSettings
  }

  /// What it learns from.
  enum Data: String, Codable, Sendable {
    /// Scenes that are rendered while it is trained.
    case scenes
    /// Those of a folder.
    case pictures
  }

  var family: String
  var data: Data
  /// Pictures that the loss is watched on.
  var watched: Int
  /// Of those, pictures by which the model is told how pictures of its own kind look to it.
  var calibrated: Int
  /// log σ of training is normal with these.
  var trainingMean: Double
  var trainingDeviation: Double
  /// Share of training samples that are told nothing.
  var unconditionalShare: Double
  /// What a nat of the attributes that the encoder reads from a caption counts beside the loss; nil where it reads none.
  var attributeWeight: Double?
  var text: Text
  var network: Network
  var training: TrainingRecipe
}

/// Trains a diffusion model on pictures and captions.
struct CaptionTraining {
  let recipe: CaptionRecipe
  let source: any CaptionSource
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on what was not trained on.
  func callAsFunction() throws -> (model: CaptionModel, isFinished: Bool, loss: Double) {
    let training = recipe.training
    guard (2...1_000_000).contains(recipe.watched), (2...100_000).contains(recipe.calibrated) else {
      throw PipelineError.usage(
        "the recipe watches \(recipe.watched) scenes and calibrates by \(recipe.calibrated); 2 or more would be right"
      )
    }
    let device = try Device(request.device)
    let model = try fresh()
    request.log.info("\(model.network.parameterCount) parameters")
    try model.network.initialize(seed: training.seed)
    try model.network.to(device: device)
    let computeType: DType = training.precision == .bfloat16 ? .bfloat16 : .float32
    model.network.setComputeType(computeType)
    @Sendable func loss(_ noise: BatchNoise, _ part: CaptionPart) throws -> Tensor {
      let known = try source.samples(noise, part)
      let x = try PictureLevels.spread(known.x, noise: noise).to(device: device)
      let (told, answers) = try model.network.read(known.words)
      let loss = try model.family.loss(x, given: told, noise: noise)
      guard part == .training, let weight = recipe.attributeWeight, let attributes = known.attributeLoss
      else {
        return loss
      }
      return try loss + attributes(answers) * weight
    }
    // How draws are made decides no weight.
    var made = model.description
    made.sampler = .init()
    let trainer = try Trainer(
      model: model.network, hidden: model.network.hiddenWeights, recipe: training,
      context: try MetadataText.json(made), folder: request.folder, start: request.start,
      workers: request.workers,
      log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      model.network.setComputeType(.float32)
      defer { model.network.setComputeType(computeType) }
      let (size, count) = (50, recipe.watched)
      let parts = try ChunkRunner(workers: request.workers).map((count + size - 1) / size) { chunk in
        let rows = chunk * size..<min(count, (chunk + 1) * size)
        // No step of the training has this seed.
        let noise = BatchNoise(seed: ~training.seed, first: rows.lowerBound, count: rows.count)
        return try loss(noise, .watched).scalar() * Double(rows.count)
      }
      return parts.reduce(0, +) / Double(count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        try loss(
          BatchNoise(
            seed: training.seed,
            samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step
          ), .training)
      },
      evaluate: { [("held-out loss", try watch())] }, progress: { _, _ in progress.advance() })
    try model.network.round(to: training.storage ?? .half)
    let last = try watch()
    model.network.setComputeType(.float32)
    try model.network.to(device: .cpu)
    return (try calibrated(model), outcome == .finished, last)
  }

  private func calibrated(_ model: CaptionModel) throws -> CaptionModel {
    let evidence = try ChunkRunner(workers: request.workers).map(recipe.calibrated) { index in
      let noise = BatchNoise(seed: ~recipe.training.seed, first: index, count: 1)
      let known = try source.samples(noise, .watched)
      return try CaptionEvidence(model, known.x.select(0, 0), levels: CaptionEvidence.levels)(
        known.words, workers: 1)[0]
    }
    return model.calibrated(Typicality(heldOut: evidence))
  }

  private func fresh() throws -> CaptionModel {
    let pixels = try source.samples(
      BatchNoise(seed: recipe.training.seed, first: 0, count: 256), .scale
    ).x.floats().map(Double.init)
    let mean = pixels.reduce(0, +) / Double(pixels.count)
    let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
    let (text, network, vocabulary) = (recipe.text, recipe.network, source.vocabulary)
    let sizes = source.attributes ?? []
    let lowest = source.side / (network.patch << (network.channels.count - 1))
    let description = CaptionModel.Description(
      words: vocabulary.words, captions: source.captions, side: source.side,
      network: .init(
        text: .init(
          vocabulary: vocabulary.words.count + sizes.count + Int(CaptionTokens.first),
          length: vocabulary.longest + sizes.count + 1, width: text.width, layers: text.layers,
          heads: text.heads),
        attributes: source.attributes,
        picture: .init(
          pictureChannels: source.channels, patch: network.patch, channels: network.channels,
          blocks: network.blocks, embedding: network.embedding, condition: text.width + sizes.reduce(0, +),
          sequence: text.width, attendingLevels: network.attendingLevels,
          selfAttendingLevels: network.selfAttendingLevels, middleBlocks: network.middleBlocks,
          positions: network.hasPositions == true ? [lowest, lowest] : nil)),
      family: .init(
        mean: mean, deviation: variance.squareRoot(), trainingMean: recipe.trainingMean,
        trainingDeviation: recipe.trainingDeviation, unconditionalShare: recipe.unconditionalShare),
      sampler: network.sampler)
    guard description.isPlausible else {
      throw PipelineError.usage(
        "the recipe's network does not fit: \(try MetadataText.json(text)) and \(try MetadataText.json(network))"
      )
    }
    return try CaptionModel(description)
  }
}
