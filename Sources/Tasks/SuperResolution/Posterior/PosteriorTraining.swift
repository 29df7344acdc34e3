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

  var denoiser: PosteriorNetwork.Configuration.Trunk
  var deviation: PosteriorNetwork.Configuration.Trunk
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
        "the recipe '\(name)' asks for channels \(denoiser.channels), blocks \(denoiser.blocks), patch \(patch), levels "
          + "\(levels.mean) ± \(levels.deviation), \(sampler.steps) steps; at most 1024, 256, 4096, a deviation above 0 and "
          + "steps from a larger σ to a smaller one would be right")
    }
    try training.check()
  }

  func configuration(scale: Int) -> PosteriorNetwork.Configuration {
    .init(denoiser: denoiser, deviation: deviation, scale: scale)
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

  /// - Parameters:
  ///   - start: a posterior around the same point estimate to begin with; nil for fresh weights.
  ///   - timeLimit: seconds.
  /// - Returns: the model with averaged weights, rounded as its file holds them, how the run ended, and its loss on
  ///   held-out pictures.
  func run(
    start: PosteriorModel? = nil, resume: Bool, timeLimit: Double?, shouldStop: () -> Bool,
    progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> (model: PosteriorModel, outcome: Trainer.Outcome, loss: Double) {
    let scale = mean.network.scale
    try photographs.check(patch: recipe.patch)
    let dataset = try ResidualDataset(
      photographs, mean: Upscaler(model: mean, workers: workers, device: device), log: log)
    let network = try PosteriorNetwork(recipe.configuration(scale: scale))
    try network.initialize(seed: recipe.training.seed)
    let local: LocalDeviation
    if let start {
      local = start.description.local
      try network.load(start.network.weights(), name: "the weights to begin with")
    } else {
      local = try dataset.localDeviation()
      let found = try MetadataText.json(local)
      log.info("the residual's local variance: \(found)")
      network.root.value = try dataset.root(local)
    }
    try network.to(device: device)
    // What lies across the colour line is measured at the end.
    let model = PosteriorModel(
      description: .init(
        network: network.configuration,
        diffusion: .init(
          mean: 0, deviation: 1, trainingMean: recipe.levels.mean, trainingDeviation: recipe.levels.deviation,
          unconditionalShare: 0),
        sampler: recipe.sampler, local: local, across: .init(floor: 1, slope: 0),
        tails: .init(freedom: 4), widening: 1,
        meanSHA256: meanSHA256), network: network)
    log.info("\(network.parameterCount) parameters")
    let trainer = try Trainer(
      model: network, hidden: network.hiddenWeights, recipe: recipe.training, context: context,
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
        let parts = try losses(batch, model, noise)
        return try parts.denoising + parts.surprise
      },
      evaluate: {
        network.setComputeType(.float32)
        defer { network.setComputeType(type) }
        let figures = try watch(heldOut, model)
        return [("held-out loss", figures.denoising), ("surprise", figures.surprise)]
      }, progress: progress)
    network.setComputeType(.float32)
    try network.round(to: recipe.training.storage ?? .half)
    try network.to(device: .cpu)
    var result = model
    let across = try dataset.across(model)
    (result.description.across, result.description.tails) = (across.deviation, across.tails)
    network.rootsAcross.value = across.roots
    result.description.widening = try widening(of: result, heldOut)
    let measured = try MetadataText.json(result.description.across)
    log.info(
      "across the colour line: \(measured), \(across.tails.freedom) degrees of freedom; widened by \(result.description.widening)"
    )
    return (result, outcome, try watch(heldOut, model).denoising)
  }

  /// What makes the draws of held-out pictures hold as much of them as they should.
  private func widening(of model: PosteriorModel, _ heldOut: [ResidualDataset.Batch]) throws -> Double {
    let drawing = try PosteriorDrawing(model: model, mean: Upscaler(model: mean))
    let each = try ChunkRunner(workers: workers).map(heldOut.count) { index in
      let (low, high) = (try heldOut[index].low.squeezed(0), try heldOut[index].high.squeezed(0))
      let space = try drawing.space(of: low, workers: 1)
      let draws = try (0..<IntervalCoverage.draws).map { draw in
        try ConsistencyProjection.project(
          drawing(space, seed: recipe.training.seed, index: draw, workers: 1), low: low)
      }
      let (mean, variance) = try IntervalCoverage.moments(.stack(draws))
      return try IntervalCoverage.distances(of: high, mean: mean, variance: variance)
    }
    return IntervalCoverage.widening(each.flatMap { $0 })
  }

  /// What the denoiser minimises, and what the network of deviations does.
  private func losses(_ batch: ResidualDataset.Batch, _ model: PosteriorModel, _ noise: BatchNoise) throws
    -> (denoising: Tensor, surprise: Tensor)
  {
    let (low, middle, high) = (
      try batch.low.to(device: device), try batch.mean.to(device: device), try batch.high.to(device: device)
    )
    let features = try MeanFeatures(
      low: low, mean: middle, scale: mean.network.scale, local: model.description.local)
    let correction = try model.network.deviation(features.told.contiguous(.channelsLast))
    let space = try model.space(features, correction: correction.detached())
    let y = try space.variable(of: high)
    var family = model.family(height: y.shape[2], width: y.shape[3])
    family.errorMap = { try space.scaledResidual(of: $0) }
    let denoising = try family.loss(y, given: space.conditioning, noise: noise)
    // Minus the log density of a normal residual, over the values of a pixel; what y is divided by learns from it alone.
    let logDeviation =
      try features.logDeviation
      + correction.clamped(-ResidualSpace.mostCorrection, ResidualSpace.mostCorrection)
    let square = try features.residual(of: high).squared()
    let surprise = try (logDeviation + square * (logDeviation * -2).exp() * 0.5).mean()
    return (denoising, surprise)
  }

  /// The mean loss over held-out pictures, always with the same noise.
  private func watch(_ heldOut: [ResidualDataset.Batch], _ model: PosteriorModel) throws
    -> (denoising: Double, surprise: Double)
  {
    let levels = Self.heldOutLevels
    let each = try ChunkRunner(workers: workers).map(heldOut.count) { index in
      func repeated(_ x: Tensor) throws -> Tensor { try .cat(.init(repeating: x, count: levels), axis: 0) }
      let batch = heldOut[index]
      let parts = try losses(
        .init(low: repeated(batch.low), mean: repeated(batch.mean), high: repeated(batch.high)), model,
        BatchNoise(seed: 0, first: index * levels, count: levels))
      return (try parts.denoising.scalar(), try parts.surprise.scalar())
    }
    let count = Double(each.count)
    return (each.reduce(0) { $0 + $1.0 } / count, each.reduce(0) { $0 + $1.1 } / count)
  }

  /// What a checkpoint must agree with beside the recipe.
  private var context: String {
    "posterior, \(recipe.denoiser.blocks) blocks of \(recipe.denoiser.channels) channels, deviation "
      + "\(recipe.deviation.blocks) of \(recipe.deviation.channels), ×\(mean.network.scale), patch "
      + "\(recipe.patch), levels \(recipe.levels.mean) ± \(recipe.levels.deviation), \(photographs.training.count) pictures, "
      + "mean \(meanSHA256.prefix(12))"
  }
}
