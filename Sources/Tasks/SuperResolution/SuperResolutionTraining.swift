internal import Conditioners
public import Families
public import Foundation
public import Logging
public import ModelTraining
public import Torch
public import TorchNN

/// The recipe of one super-resolution model.
public struct SuperResolutionRecipe: Codable, Sendable, Equatable {
  public var network: SuperResolutionNetwork.Configuration
  /// Side of a crop of the low-resolution picture.
  public var patch: Int
  public var loss: PointEstimate.Loss
  public var training: TrainingRecipe

  public init(
    network: SuperResolutionNetwork.Configuration, patch: Int, loss: PointEstimate.Loss,
    training: TrainingRecipe
  ) {
    self.network = network
    self.patch = patch
    self.loss = loss
    self.training = training
  }
}

extension SuperResolutionRecipe {
  /// - Parameter scale: what the recipe's name says.
  /// - Throws: `TensorError` that names the number that cannot be.
  func check(scale: Int, name: String) throws {
    guard network.scale == scale else {
      throw TensorError("the recipe '\(name)' is of a network for scale \(network.scale), not \(scale)")
    }
    guard network.isPlausible, (1...4096).contains(patch) else {
      throw TensorError(
        "the recipe '\(name)' asks for channels \(network.channels), blocks \(network.blocks), scale \(network.scale), "
          + "patch \(patch); at most 1024, 256, 8 and 4096 would be right")
    }
    try training.check()
  }
}

/// Trains one super-resolution model on photographs.
public struct SuperResolutionTraining {
  public let recipe: SuperResolutionRecipe
  private let dataset: PhotographDataset
  private let folder: URL
  private let workers: Int
  private let device: Device
  private let log: Logger

  /// - Parameter folder: for checkpoints and the log.
  /// - Throws: `TensorError` when the data are of another scale, or a photograph is smaller than the patch.
  public init(
    recipe: SuperResolutionRecipe, dataset: PhotographDataset, folder: URL, workers: Int,
    device: Device = .cpu, log: Logger
  ) throws {
    guard dataset.scale == recipe.network.scale else {
      throw TensorError(
        "the data are for scale \(dataset.scale), the network for scale \(recipe.network.scale)")
    }
    try dataset.check(patch: recipe.patch)
    self.recipe = recipe
    self.dataset = dataset
    self.folder = folder
    self.workers = workers
    self.device = device
    self.log = log
  }

  /// - Parameters:
  ///   - start: weights to begin with instead of fresh ones.
  ///   - timeLimit: seconds.
  /// - Returns: the model with averaged weights, rounded as its file holds them, how the run ended, and its PSNR (dB, on Y) on held-out pictures.
  public func run(
    start: SuperResolutionModel? = nil, resume: Bool, timeLimit: Double?, shouldStop: () -> Bool,
    progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> (model: SuperResolutionModel, outcome: Trainer.Outcome, validation: Double) {
    let network = try SuperResolutionNetwork(recipe.network)
    try network.initialize(seed: recipe.training.seed)
    if let start { try network.begin(with: start.network) }
    try network.to(device: device)
    let model = SuperResolutionModel(network: network, loss: recipe.loss)
    let megaflop = Double(network.parameterCount * recipe.patch * recipe.patch * 6) / 1e6
    let total = megaflop * Double(recipe.training.samplesPerStep * recipe.training.steps) / 1e9
    log.info("\(network.parameterCount) parameters, \(String(format: "%.2f", total)) PFLOP in all")
    let trainer = try Trainer(
      model: network, hidden: network.trunk.hiddenWeights, recipe: recipe.training, context: context,
      folder: folder, workers: workers, log: log)
    let (recipe, dataset, family, device) = (recipe, dataset, model.family, device)
    let conditioner = LowResolutionConditioner()
    network.setComputeType(recipe.training.precision == .bfloat16 ? .bfloat16 : .float32)
    let outcome = try trainer.run(
      resume: resume, timeLimit: timeLimit, shouldStop: shouldStop,
      loss: { step, chunk in
        let size = recipe.training.chunkSize
        let batch = try dataset.batch(
          seed: recipe.training.seed, step: step, samples: chunk * size..<(chunk + 1) * size,
          side: recipe.patch)
        let noise = BatchNoise(
          seed: recipe.training.seed, samples: (0..<size).map { UInt64(chunk * size + $0) }, firstStep: step)
        return try family.loss(
          batch.high.to(device: device), given: conditioner(batch.low.to(device: device)), noise: noise)
      },
      evaluate: {
        network.setComputeType(.float32)
        defer { network.setComputeType(recipe.training.precision == .bfloat16 ? .bfloat16 : .float32) }
        return [("psnr", try validation(of: model))]
      }, progress: progress)
    network.setComputeType(.float32)
    try network.round(to: recipe.training.storage ?? .half)
    return (model, outcome, try validation(of: model))
  }

  /// What a checkpoint must agree with beside the recipe.
  private var context: String {
    let network = recipe.network
    return
      "\(network.blocks) blocks of \(network.channels) channels, ×\(network.scale), patch \(recipe.patch), "
      + "\(recipe.loss.rawValue) loss, \(dataset.degradation.rawValue), \(dataset.training.count) pictures"
  }

  /// Mean PSNR on Y (dB) over the held-out pictures.
  func validation(of model: SuperResolutionModel) throws -> Double {
    let upscaler = try Upscaler(model: model, workers: workers, device: device)
    let pairs = try dataset.validation.map {
      BenchmarkPair(name: "", high: try $0.high.to(.float32) / 255, low: try $0.low.to(.float32) / 255)
    }
    let figures = try pairs.map {
      try SuperResolutionEvaluation.compare(upscaler($0.low), $0.high, scale: dataset.scale).psnr
    }
    return figures.reduce(0, +) / Double(figures.count)
  }
}
