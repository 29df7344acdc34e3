internal import Families
internal import Foundation
internal import Logging
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a model of scenes.
struct ScenesRecipe: Codable, Sendable, Equatable {
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
    var sampler: DiffusionFamily.SamplerSettings
  }

  var family: String
  /// Scenes that the loss is watched on: of combinations that are trained on.
  var watched: Int
  /// Of those, scenes by which the model is told how pictures of its own kind look to it.
  var calibrated: Int
  /// log σ of training is normal with these.
  var trainingMean: Double
  var trainingDeviation: Double
  /// Share of training samples that are told nothing.
  var unconditionalShare: Double
  /// What a nat of the attributes that the encoder reads from a caption counts beside the loss.
  var attributeWeight: Double
  var text: Text
  var network: Network
  var training: TrainingRecipe
}

/// Trains a diffusion model on scenes that are drawn, rendered and described while it goes.
struct ScenesTraining {
  let recipe: ScenesRecipe
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on scenes not trained on.
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
    @Sendable func loss(_ noise: BatchNoise, weight: Double) throws -> Tensor {
      let known = try RenderedScenes(noise) { SceneGrammar.drawTraining($0) }
      let x = try ScenePixels.spread(known.x, noise: noise).to(device: device)
      let (told, answers) = try model.network.read(known.words)
      return try model.family.loss(x, given: told, noise: noise)
        + SceneAttributes.loss(answers, known.scenes) * weight
    }
    let trainer = try Trainer(
      model: model.network, hidden: model.network.hiddenWeights, recipe: training,
      context: try MetadataText.json(model.description), folder: request.folder, workers: request.workers,
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
        return try loss(noise, weight: 0).scalar() * Double(rows.count)
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
          ), weight: recipe.attributeWeight)
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
      let known = try RenderedScenes(noise) { SceneGrammar.drawTraining($0) }
      return try CaptionEvidence(model, known.x.select(0, 0), levels: CaptionEvidence.levels)(
        known.words, workers: 1)[0]
    }
    return model.calibrated(Typicality(heldOut: evidence))
  }

  private func fresh() throws -> CaptionModel {
    let pixels = try RenderedScenes(
      BatchNoise(seed: recipe.training.seed, first: 0, count: 256), stream: "scale"
    ) { SceneGrammar.drawTraining($0) }.x.floats().map(Double.init)
    let mean = pixels.reduce(0, +) / Double(pixels.count)
    let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
    let (text, network, sizes) = (recipe.text, recipe.network, SceneAttributes.sizes)
    let description = CaptionModel.Description(
      words: SceneVocabulary.words, side: SceneRenderer.side,
      network: .init(
        text: .init(
          vocabulary: SceneVocabulary.words.count + sizes.count + Int(CaptionedNetwork.Token.first),
          length: SceneVocabulary.longestText + sizes.count + 1, width: text.width, layers: text.layers,
          heads: text.heads),
        attributes: sizes,
        picture: .init(
          pictureChannels: 3, patch: network.patch, channels: network.channels, blocks: network.blocks,
          embedding: network.embedding, condition: text.width + sizes.reduce(0, +), sequence: text.width,
          attendingLevels: network.attendingLevels, selfAttendingLevels: network.selfAttendingLevels)),
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
