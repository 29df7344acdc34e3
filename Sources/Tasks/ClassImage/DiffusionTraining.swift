internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of the diffusion model.
struct DiffusionRecipe: Codable, Sendable, Equatable {
  /// Names of the classes where the data have numbers; otherwise empty.
  var classes: [String]
  /// Side of the squares of pixels that become channels.
  var patch: Int
  /// Of each level of the UNet.
  var channels: [Int]
  /// Of each level, down and up.
  var blocks: Int
  var embedding: Int
  /// Pictures of the training split, evenly spread over it, on which the loss is watched.
  var heldOut: Int
  var sampler: DiffusionFamily.SamplerSettings
  var training: TrainingRecipe
}

/// Trains the diffusion model on labelled pictures.
struct DiffusionTraining {
  let recipe: DiffusionRecipe
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on held-out pictures.
  func callAsFunction(_ data: LabelledImages) throws -> (
    model: ClassImageModel, isFinished: Bool, loss: Double
  ) {
    let shape = data.pixels.shape
    let heldOut = min(recipe.heldOut, data.count / 5)
    guard heldOut >= 1, recipe.training.chunkSize <= data.count else {
      throw PipelineError.data("\(data.count) pictures are too few to train on")
    }
    let stride = data.count / heldOut
    let isHeldOut = { (index: Int) in index % stride == stride - 1 }
    let known = try data.subset((0..<data.count).filter { !isHeldOut($0) })
    let watched = try data.subset((0..<data.count).filter(isHeldOut))

    let device = try Device(request.device)
    let levels = try known.pixels.to(.float32) + 0.5
    let mean = try levels.mean().scalar()
    let deviation = try (levels - mean).squared().mean().scalar().squareRoot()
    let description = ClassImageModel.Description(
      classes: data.classes, prior: try data.prior(), channels: shape[1],
      height: shape[2], width: shape[3])
    let configuration = UNet.Configuration(
      pictureChannels: shape[1], patch: recipe.patch, channels: recipe.channels, blocks: recipe.blocks,
      embedding: recipe.embedding, condition: data.classes.count)
    guard configuration.isPlausible(for: description) else {
      throw PipelineError.usage(
        "a UNet of channels \(recipe.channels), blocks \(recipe.blocks), embedding \(recipe.embedding) and patch "
          + "\(recipe.patch) does not fit pictures \(shape[3])×\(shape[2]); channels of multiples of 8, an even "
          + "embedding, and sides that the patch and every level but one halve without rest would be right")
    }
    let unet = try UNet(configuration)
    try unet.initialize(seed: recipe.training.seed)
    try unet.to(device: device)
    let model = ClassImageModel(
      unet: unet, diffusion: .init(mean: mean / 256, deviation: deviation / 256), settings: recipe.sampler,
      description: description)
    guard let family = model.sampler as? DiffusionFamily else { preconditionFailure("a diffusion model") }
    request.log.info("\(unet.parameterCount) parameters")

    let training = recipe.training
    let computeType: DType = training.precision == .bfloat16 ? .bfloat16 : .float32
    unet.setComputeType(computeType)
    let conditioner = ClassConditioner(classes: data.classes)
    @Sendable func loss(_ pixels: Tensor, _ labels: [Int], _ noise: BatchNoise) throws -> Tensor {
      let x = try LabelledImages.dequantized(pixels, noise: noise).to(device: device)
      let given = try conditioner(labels)
      return try family.loss(
        x, given: Conditioning(global: given.global?.to(device: device)), noise: noise)
    }
    let trainer = try Trainer(
      model: unet, hidden: unet.hiddenWeights, recipe: training,
      context: "patch \(recipe.patch), channels \(recipe.channels), blocks \(recipe.blocks), embedding "
        + "\(recipe.embedding), \(known.count) pictures of \(data.classes.joined(separator: " "))",
      folder: request.folder, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      unet.setComputeType(.float32)
      defer { unet.setComputeType(computeType) }
      let size = 50
      let parts = try ChunkRunner(workers: request.workers).map((watched.count + size - 1) / size) { chunk in
        let rows = chunk * size..<min(watched.count, (chunk + 1) * size)
        let noise = BatchNoise(seed: 0, first: rows.lowerBound, count: rows.count)
        let pixels = try watched.pixels.narrow(0, start: rows.lowerBound, length: rows.count)
        return try loss(pixels, Array(watched.labels[rows]), noise).scalar() * Double(rows.count)
      }
      return parts.reduce(0, +) / Double(watched.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let size = training.chunkSize
        let samples = (0..<size).map { UInt64(chunk * size + $0) }
        let rows = samples.map {
          KeyedNoise(seed: training.seed, sample: $0, step: UInt64(step), stream: "pictures")
            .integers(below: known.count, count: 1)[0]
        }
        let batch = try known.subset(rows)
        return try loss(
          batch.pixels, batch.labels, BatchNoise(seed: training.seed, samples: samples, firstStep: step))
      },
      evaluate: { [("held-out loss", try watch())] }, progress: { _, _ in progress.advance() })
    let last = try watch()
    unet.setComputeType(.float32)
    return (model, outcome == .finished, last)
  }
}
