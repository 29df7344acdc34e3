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

/// The recipe of a model whose pictures are to look real.
struct PerceptualRecipe: Codable, Sendable, Equatable {
  /// What the generator lowers beside the discriminator's objection.
  struct Nearness: Codable, Sendable, Equatable {
    /// Times the mean absolute difference of values over 0…1.
    var pixels: Double
    /// Times the distance of features.
    var features: Double
    /// Times the mean absolute difference of what reduction makes of the picture from the low one.
    var reduced: Double
    /// How long the adversarial gradient is, in lengths of that of all these.
    var adversarialShare: Double

    var isPlausible: Bool {
      [pixels, features, reduced, adversarialShare].allSatisfy { $0 >= 0 && $0.isFinite }
        && pixels + features + reduced > 0
    }
  }

  var family: String
  /// Channels of the discriminator at half of the picture's size.
  var discriminator: Int
  var objective: AdversarialObjective
  /// γ of the gradient penalty; 0 for none.
  var penalty: Double
  var nearness: Nearness
  /// The model of the specification whose features are compared.
  var features: String
  /// The model whose weights the generator begins with, a point estimate of the same scale.
  var start: String
  /// Side of a crop of the low-resolution picture.
  var patch: Int
  var training: TrainingRecipe

  /// - Throws: `PipelineError` of kind `.usage` that shows what cannot be, `TrainingError` likewise.
  func check(name: String, scale: Int) throws {
    guard (2...512).contains(discriminator), discriminator % 2 == 0, penalty >= 0, penalty.isFinite,
      nearness.isPlausible, (1...4096).contains(patch), patch * scale % 8 == 0
    else {
      throw PipelineError.usage(
        "the recipe '\(name)' cannot be: \(try MetadataText.json(self)); an even discriminator, numbers of 0 or more and a "
          + "patch whose enlargement is a multiple of 8 would be right")
    }
    try training.check()
  }
}

/// Trains a model against a discriminator and the features of a judge (Ledig et al. 2017, "Photo-realistic single image
/// super-resolution using a generative adversarial network"; with the relativistic average of Wang et al. 2018, "ESRGAN",
/// section 3.2).
struct PerceptualTraining {
  let recipe: PerceptualRecipe
  let photographs: PhotographDataset
  /// Where the generator begins.
  let start: SuperResolutionModel
  let startSHA256: String
  /// Of the features.
  let judge: PictureJudge
  let judgeSHA256: String
  /// For checkpoints and the log.
  let folder: URL
  let workers: Int
  let log: Logger

  /// Low-resolution pixels of a held-out picture's side.
  private static let heldOutSide = 64
  /// Pixels by which features are moved at most, and one: as many as the period of a judge's last level.
  private static let places = 8

  /// - Parameter timeLimit: seconds.
  /// - Returns: the model with averaged weights, rounded as its file holds them, how the run ended, and the distance of its
  ///   features from those of held-out pictures.
  func run(
    resume: Bool, timeLimit: Double?, shouldStop: () -> Bool, progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> (model: SuperResolutionModel, outcome: Trainer.Outcome, distance: Double) {
    try photographs.check(patch: recipe.patch)
    let generator = start.network
    let networks = try PerceptualNetworks(generator, discriminatorChannels: recipe.discriminator)
    try networks.discriminator.initialize(seed: recipe.training.seed)
    log.info("\(networks.parameterCount) parameters, \(generator.parameterCount) of them the generator's")
    let family = family(networks)
    let trainer = try Trainer(
      model: networks, hidden: generator.trunk.hiddenWeights + networks.discriminator.hiddenWeights,
      recipe: recipe.training, context: context, folder: folder, workers: workers, log: log)
    let type: DType = recipe.training.precision == .bfloat16 ? .bfloat16 : .float32
    networks.setComputeType(type)
    let (recipe, photographs) = (recipe, photographs)
    let conditioner = LowResolutionConditioner()
    let outcome = try trainer.run(
      resume: resume, timeLimit: timeLimit, shouldStop: shouldStop,
      loss: { step, chunk in
        let size = recipe.training.chunkSize
        let samples = chunk * size..<(chunk + 1) * size
        let batch = try photographs.batch(
          seed: recipe.training.seed, step: step, samples: samples, side: recipe.patch)
        return try family.loss(
          batch.high, given: conditioner(batch.low),
          noise: BatchNoise(seed: recipe.training.seed, samples: samples.map(UInt64.init), firstStep: step))
      },
      evaluate: {
        networks.setComputeType(.float32)
        defer { networks.setComputeType(type) }
        let figures = try watch(generator)
        return [("distance", figures.distance), ("psnr", figures.psnr), ("reduced", figures.reduced)]
      }, progress: progress)
    networks.setComputeType(.float32)
    try generator.round(to: recipe.training.storage ?? .half)
    return (
      SuperResolutionModel(network: generator, loss: start.loss), outcome, try watch(generator).distance
    )
  }

  private func family(_ networks: PerceptualNetworks) -> AdversarialFamily {
    @Sendable func low(_ conditioning: Conditioning) throws -> Tensor {
      guard let picture = conditioning.spatial else {
        throw TensorError("super-resolution is conditioned on a picture, and none was given")
      }
      return picture
    }
    var family = AdversarialFamily(
      .init(objective: recipe.objective, penalty: recipe.penalty), latents: 0,
      generator: { try networks.generator(low($1)) },
      discriminator: { try networks.discriminator($0, low: low($1)) })
    family.isRelative = true
    let (nearness, features) = (recipe.nearness, judge.distance)
    family.nearness = (
      { drawn, x, given, noise in
        let small = try low(given)
        let reduced = try drawn.resampledBicubic(height: small.shape[2], width: small.shape[3])
        // The judge's levels see every few pixels only: at one place they would let patterns of that period pass.
        let place = noise.row(0, stream: "place").integers(below: Self.places, count: 2)
        func seen(_ picture: Tensor) throws -> Tensor {
          let (height, width) = (picture.shape[2] - Self.places + 1, picture.shape[3] - Self.places + 1)
          return try picture.narrow(2, start: place[0], length: height).narrow(
            3, start: place[1], length: width)
        }
        return try (drawn - x).abs().mean() * nearness.pixels
          + features(seen(drawn), seen(x)) * nearness.features
          + (reduced - small).abs().mean() * nearness.reduced
      }, nearness.adversarialShare
    )
    return family
  }

  /// Means over the middles of held-out pictures: the features' distance, PSNR (dB, on Y), and the PSNR of their reductions.
  private func watch(_ generator: SuperResolutionNetwork) throws
    -> (distance: Double, psnr: Double, reduced: Double)
  {
    let scale = photographs.scale
    let pairs = photographs.validation
    let each = try ChunkRunner(workers: workers).map(pairs.count) { index in
      let middle = try pairs[index].middle(side: Self.heldOutSide, scale: scale)
      let drawn = try generator(middle.low.unsqueezed(0)).clamped(0, 1)
      return [
        try judge.distance(drawn, middle.high.unsqueezed(0)).scalar(),
        try SuperResolutionEvaluation.compare(drawn.squeezed(0), middle.high, scale: scale).psnr,
        try ConsistencyProjection.consistency(of: drawn.squeezed(0), low: middle.low, scale: scale),
      ]
    }
    let means = (0..<3).map { figure in each.reduce(0) { $0 + $1[figure] } / Double(each.count) }
    return (means[0], means[1], means[2])
  }

  /// What a checkpoint must agree with beside the recipe.
  private var context: String {
    "perceptual, ×\(photographs.scale), discriminator \(recipe.discriminator), \(recipe.objective.rawValue) penalty "
      + "\(recipe.penalty), \(recipe.nearness), patch \(recipe.patch), \(photographs.training.count) pictures, "
      + "from \(startSHA256.prefix(12)), features \(judgeSHA256.prefix(12))"
  }
}
