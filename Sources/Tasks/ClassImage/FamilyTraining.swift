internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// Trains a family by gradients on labelled pictures.
struct FamilyTraining<Network: NetworkRecipe> {
  let recipe: FamilyRecipe<Network>
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and the loss on `watched`.
  func callAsFunction(_ known: LabelledImages, watching watched: LabelledImages) throws -> (
    model: ClassImageModel, isFinished: Bool, loss: Double
  ) {
    let device = try Device(request.device)
    let training = recipe.training
    let model = try fresh(known, device)
    guard let family = model.parts.trainable else { preconditionFailure("families are trained by gradients") }
    request.log.info("\(model.module.parameterCount) parameters")

    let module = model.module
    let computeType: DType = training.precision == .bfloat16 ? .bfloat16 : .float32
    module.setComputeType(computeType)
    let conditioner = ClassConditioner(classes: known.classes)
    @Sendable func loss(_ pixels: Tensor, _ labels: [Int], _ noise: BatchNoise) throws -> Tensor {
      let x = try LabelledImages.dequantized(pixels, noise: noise).to(device: device)
      let given = try conditioner(labels)
      return try family.loss(
        x, given: Conditioning(global: given.global?.to(device: device)), noise: noise)
    }
    let trainer = try Trainer(
      model: module, hidden: model.parts.hidden, recipe: training, context: try context(model, known),
      folder: request.folder, start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      module.setComputeType(.float32)
      defer { module.setComputeType(computeType) }
      let size = 50
      let parts = try ChunkRunner(workers: request.workers, recordsGradients: family.lossNeedsGradients).map(
        (watched.count + size - 1) / size
      ) { chunk in
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
    try model.module.round(to: training.storage ?? .half)
    let last = try watch()
    module.setComputeType(.float32)
    return (try calibrated(model, watched), outcome == .finished, last)
  }

  private func fresh(_ known: LabelledImages, _ device: Device) throws -> ClassImageModel {
    let shape = known.pixels.shape
    let levels = try known.pixels.to(.float32) + 0.5
    let mean = try levels.mean().scalar()
    let deviation = try (levels - mean).squared().mean().scalar().squareRoot()
    let description = ClassImageModel.Description(
      classes: known.classes, prior: try known.prior(), channels: shape[1], height: shape[2], width: shape[3])
    let architecture = recipe.network.architecture(
      for: TrainingPictures(description: description, mean: mean / 256, deviation: deviation / 256))
    guard architecture.isPlausible(for: description) else {
      throw PipelineError.usage(
        "the recipe's network does not fit pictures \(shape[3])×\(shape[2]) of \(known.classes.count) classes: "
          + "\(try MetadataText.json(recipe.network))")
    }
    let model = try ClassImageModel(architecture, description: description)
    try model.module.initialize(seed: recipe.training.seed)
    try model.module.to(device: device)
    return model
  }

  private func context(_ model: ClassImageModel, _ known: LabelledImages) throws -> String {
    "\(try MetadataText.json(recipe.network)), \(known.count) pictures of \(known.classes.joined(separator: " "))"
  }

  /// The model that knows how its own kind of pictures looks to it, if it has a density.
  private func calibrated(_ model: ClassImageModel, _ watched: LabelledImages) throws -> ClassImageModel {
    guard model.density != nil, model.parts.hasCheapDensity else { return model }
    var description = model.description
    let evaluation = ClassImageEvaluation(model: model, workers: request.workers)
    let densities = try evaluation.logDensities(watched, seed: 0)
    description.typicality = Typicality(heldOut: try evaluation.savings(densities, watched))
    return model.described(description)
  }
}
