internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import MediaTensors
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a judge.
struct PictureJudgeRecipe: Codable, Sendable, Equatable {
  /// Of each level of the network, which halves the sides.
  var channels: [Int]
  /// Residual blocks of a level.
  var blocks: Int
  /// Largest shift of a training picture to any side, in pixels.
  var shift: Int
  /// Pictures that its accuracy is watched on, spread over all.
  var heldOut: Int
  var training: TrainingRecipe
}

/// Trains a judge to tell what small photographs show.
struct PictureJudgeTraining {
  let recipe: PictureJudgeRecipe
  let request: TrainingRequest

  /// - Parameter pictures: RGB.
  /// - Returns: the judge, whether the run is finished, and its accuracy on held-out pictures, 0…1.
  func callAsFunction(_ pictures: LabelledImages) throws -> (
    judge: PictureJudge, isFinished: Bool, accuracy: Double
  ) {
    let training = recipe.training
    let judge = try PictureJudge(description(pictures))
    let network = judge.network
    try network.initialize(seed: training.seed)
    request.log.info("\(network.parameterCount) parameters")
    let family = DiscriminativeFamily(
      shift: recipe.shift, mirrors: true, features: { try network.features($0) },
      scores: { try network.head($0) })
    let stride = pictures.count / recipe.heldOut
    let known = try pictures.subset((0..<pictures.count).filter { $0 % stride != stride - 1 })
    let watched = try pictures.subset((0..<pictures.count).filter { $0 % stride == stride - 1 })
    let conditioner = ClassConditioner(classes: pictures.classes)
    let trainer = try Trainer(
      model: network, hidden: network.hiddenWeights, recipe: training,
      context: "judge \(recipe.channels) \(recipe.blocks) \(recipe.shift), \(known.count) pictures",
      folder: request.folder, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      let right = try Autograd.disabled {
        let posterior = try family.logPosterior(watched.pixels.to(.float32) / 255)
        return zip(try posterior.argmax(1).elements(Int64.self).map(Int.init), watched.labels)
          .count { $0 == $1 }
      }
      return Double(right) / Double(watched.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let noise = BatchNoise(
          seed: training.seed,
          samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step)
        let batch = try known.subset(
          noise.samples.indices.map {
            noise.row($0, stream: "pictures").integers(below: known.count, count: 1)[0]
          })
        return try family.loss(
          batch.pixels.to(.float32) / 255, given: conditioner(batch.labels), noise: noise)
      },
      evaluate: { [("held-out accuracy", try watch())] }, progress: { _, _ in progress.advance() })
    try network.round(to: training.storage ?? .half)
    return (judge, outcome == .finished, try watch())
  }

  private func description(_ pictures: LabelledImages) throws -> PictureJudge.Description {
    let description = PictureJudge.Description(
      classes: pictures.classes,
      network: .init(
        pictureChannels: 3, channels: recipe.channels, blocks: recipe.blocks, classes: pictures.classes.count)
    )
    guard pictures.pixels.shape[1] == 3 else {
      throw PipelineError.data("a judge of super-resolution learns from RGB pictures, and these are grey")
    }
    guard description.isPlausible, (0...16).contains(recipe.shift), recipe.heldOut >= 1 else {
      throw PipelineError.usage("the recipe of the judge cannot be: \(try MetadataText.json(recipe))")
    }
    guard pictures.count >= 2 * recipe.heldOut else {
      throw PipelineError.data(
        "\(pictures.count) pictures are too few where \(recipe.heldOut) of them are held out")
    }
    return description
  }
}
