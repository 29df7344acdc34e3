internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a posterior.
struct PosteriorRecipe: Codable, Sendable, Equatable {
  /// log σ of training is normal with these, in local deviations of the residual.
  struct Levels: Codable, Sendable, Equatable {
    var mean: Double
    var deviation: Double
  }

  struct Network: Codable, Sendable, Equatable {
    var channels: Int
    var blocks: Int
  }

  var network: Network
  /// Side of a crop of the low-resolution picture.
  var patch: Int
  var levels: Levels
  /// How draws are made; stored with the weights, changes no step.
  var sampler: DiffusionFamily.SamplerSettings
  var training: TrainingRecipe

  /// - Throws: `TensorError` that names what cannot be, `TrainingError` likewise.
  func check(name: String, scale: Int) throws {
    guard configuration(scale: scale).isPlausible, (1...4096).contains(patch), sampler.isPlausible,
      levels.deviation > 0
    else {
      throw TensorError(
        "the recipe '\(name)' asks for channels \(network.channels), blocks \(network.blocks), patch \(patch), levels "
          + "\(levels.mean) ± \(levels.deviation), \(sampler.steps) steps; at most 1024, 256, 4096, a deviation above 0 and "
          + "steps from a larger σ to a smaller one would be right")
    }
    try training.check()
  }

  func configuration(scale: Int) -> PosteriorNetwork.Configuration {
    .init(channels: network.channels, blocks: network.blocks, scale: scale)
  }
}

/// Trains the posterior around a point estimate on photographs.
struct PosteriorTraining {
  let recipe: PosteriorRecipe
  let photographs: PhotographDataset
  let mean: SuperResolutionModel
  let meanSHA256: String
  /// For checkpoints and the log.
  let folder: URL
  let workers: Int
  let device: Device
  let log: Logger

  /// Low-resolution pixels of a held-out picture's side, and how many levels of noise are put on each.
  private static let (heldOutSide, heldOutLevels) = (64, 4)

  /// - Parameter timeLimit: seconds.
  /// - Returns: the model with averaged weights, rounded as its file holds them, how the run ended, and its loss on
  ///   held-out pictures.
  func run(
    resume: Bool, timeLimit: Double?, shouldStop: () -> Bool, progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> (model: PosteriorModel, outcome: Trainer.Outcome, loss: Double) {
    let scale = mean.network.scale
    try photographs.check(patch: recipe.patch)
    let dataset = try ResidualDataset(
      photographs, mean: Upscaler(model: mean, workers: workers, device: device), log: log)
    let local = try dataset.localDeviation()
    let found = try MetadataText.json(local)
    log.info("the residual's local variance: \(found)")
    let network = try PosteriorNetwork(recipe.configuration(scale: scale))
    try network.initialize(seed: recipe.training.seed)
    // As the file will hold it.
    network.root.value = try dataset.covariance(local).cholesky().to(.float16).to(.float32)
    try network.to(device: device)
    let model = PosteriorModel(
      description: .init(
        network: network.configuration,
        diffusion: .init(
          mean: 0, deviation: 1, trainingMean: recipe.levels.mean, trainingDeviation: recipe.levels.deviation,
          unconditionalShare: 0),
        sampler: recipe.sampler, local: local, meanSHA256: meanSHA256), network: network)
    log.info("\(network.parameterCount) parameters")
    let trainer = try Trainer(
      model: network, hidden: network.trunk.hiddenWeights, recipe: recipe.training, context: context,
      folder: folder, workers: workers, log: log)
    let heldOut = try dataset.heldOut(side: Self.heldOutSide)
    let type: DType = recipe.training.precision == .bfloat16 ? .bfloat16 : .float32
    network.setComputeType(type)
    let outcome = try trainer.run(
      resume: resume, timeLimit: timeLimit, shouldStop: shouldStop,
      loss: { step, chunk in
        let size = recipe.training.chunkSize
        let samples = chunk * size..<(chunk + 1) * size
        let batch = try dataset.batch(
          seed: recipe.training.seed, step: step, samples: samples, side: recipe.patch)
        let noise = BatchNoise(
          seed: recipe.training.seed, samples: samples.map { UInt64($0) }, firstStep: step)
        return try loss(batch, model, noise)
      },
      evaluate: {
        network.setComputeType(.float32)
        defer { network.setComputeType(type) }
        return [("held-out loss", try watch(heldOut, model))]
      }, progress: progress)
    network.setComputeType(.float32)
    try network.round(to: recipe.training.storage ?? .half)
    return (model, outcome, try watch(heldOut, model))
  }

  private func loss(_ batch: ResidualDataset.Batch, _ model: PosteriorModel, _ noise: BatchNoise) throws
    -> Tensor
  {
    let space = try ResidualSpace(
      low: batch.low.to(device: device), mean: batch.mean.to(device: device), scale: mean.network.scale,
      local: model.description.local, root: model.network.root.value)
    let y = try space.variable(of: batch.high.to(device: device))
    var family = model.family(height: y.shape[2], width: y.shape[3])
    family.errorMap = { try space.scaledResidual(of: $0) }
    return try family.loss(y, given: space.conditioning, noise: noise)
  }

  /// The mean loss over held-out pictures, always with the same noise.
  private func watch(_ heldOut: [ResidualDataset.Batch], _ model: PosteriorModel) throws -> Double {
    let levels = Self.heldOutLevels
    let each = try ChunkRunner(workers: workers).map(heldOut.count) { index in
      func repeated(_ x: Tensor) throws -> Tensor { try .cat(.init(repeating: x, count: levels), axis: 0) }
      let batch = heldOut[index]
      return try loss(
        .init(low: repeated(batch.low), mean: repeated(batch.mean), high: repeated(batch.high)), model,
        BatchNoise(seed: 0, first: index * levels, count: levels)
      ).scalar()
    }
    return each.reduce(0, +) / Double(each.count)
  }

  /// What a checkpoint must agree with beside the recipe.
  private var context: String {
    "posterior, \(recipe.network.blocks) blocks of \(recipe.network.channels) channels, ×\(mean.network.scale), patch "
      + "\(recipe.patch), levels \(recipe.levels.mean) ± \(recipe.levels.deviation), \(photographs.training.count) pictures, "
      + "mean \(meanSHA256.prefix(12))"
  }
}
