internal import Families
public import Foundation
internal import Logging
internal import MediaIO
public import MediaTensors
internal import ModelEvaluation
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of the mixture.
struct MixtureRecipe: Codable, Sendable, Equatable {
  var family: String
  /// Names of the classes where the data have numbers; otherwise empty.
  var classes: [String]
  /// Gaussians of a class.
  var components: Int
  /// Directions of a Gaussian's covariance.
  var rank: Int
  var iterations: Int
  /// Least standard deviation of a pixel's own noise, in grey levels.
  var leastDeviation: Double
  /// Pictures of the training split, evenly spread over it, that are kept for calibration.
  var heldOut: Int
  var seed: UInt64
}

extension MixtureRecipe {
  /// - Throws: `PipelineError` of kind `.usage` that names the first number that cannot be.
  func check() throws {
    for (name, value, range) in [
      ("components", components, 1...256), ("rank", rank, 1...256), ("iterations", iterations, 1...100_000),
      ("heldOut", heldOut, 2...1_000_000_000),
    ] where !range.contains(value) {
      throw PipelineError.usage(
        "the recipe's \(name) is \(value); \(range.lowerBound) to \(range.upperBound) would be right")
    }
    guard leastDeviation > 0, leastDeviation <= 256 else {
      throw PipelineError.usage(
        "the recipe's leastDeviation is \(leastDeviation); above 0 and up to 256 grey levels would be right")
    }
  }
}

extension LabelledImages {
  /// P(y) by how often each class is there.
  /// - Throws: `PipelineError` of kind `.data` for a class without pictures.
  func prior() throws -> [Double] {
    try classes.indices.map { label in
      let share = Double(labels.count { $0 == label }) / Double(count)
      guard share > 0 else { throw PipelineError.data("there is no picture of class '\(classes[label])'") }
      return share
    }
  }
}

extension ClassImage: TrainableTask {
  /// - Throws: `PipelineError` of kind `.usage` for another device than the CPU.
  public static func checkDevice(_ name: String) throws {
    guard name == "cpu" else {
      throw PipelineError.usage("--device is '\(name)', but this works on the CPU; 'cpu' would be right")
    }
  }

  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    try specification.model(named: request.model).weights
  }

  /// Where Debian's package `dataset-fashion-mnist` puts its files.
  public static let debianFolder = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")

  /// The folder that `--data` names, or Debian's Fashion-MNIST.
  /// - Throws: `PipelineError` of kind `.usage` for several, and for none where Debian's is not installed.
  public static func folder(_ data: [URL]) throws -> URL {
    guard data.count <= 1 else {
      throw PipelineError.usage("--data names \(data.count) folders; one would be right")
    }
    if let folder = data.first { return folder }
    guard FileManager.default.fileExists(atPath: debianFolder.path) else {
      throw PipelineError.usage(
        "--data is missing; a folder with MNIST's files, or with a folder of pictures for each class, would be right "
          + "(Fashion-MNIST: apt-get install dataset-fashion-mnist)")
    }
    return debianFolder
  }

  public func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport {
    let entry = try specification.model(named: request.model)
    let (recipe, owner) = try specification.recipe(of: entry, request)
    let trained = try Self.trained(recipe, of: owner, request) { classes, heldOut in
      let data = try LabelledImages(
        folder: Self.folder(request.data), split: .train, classes: classes.isEmpty ? nil : classes)
      let size = data.pixels.shape.dropFirst().map(String.init).joined(separator: "×")
      request.log.info("\(data.count) pictures \(size) of \(data.classes.count) classes")
      let count = min(heldOut, data.count / 5)
      guard count >= 2 else {
        throw PipelineError.data(
          "\(data.count) pictures with \(heldOut) held out are too few to train on; ten pictures and two held out are the least"
        )
      }
      let parts = try data.holdingOut(count)
      return Pictures(known: parts.known, watched: parts.heldOut, prior: try data.prior())
    }
    return TrainingReport(
      weights: try request.writeWeights(recipe: trained.recipe) { try trained.model.weights(notes: $0) },
      isFinished: trained.isFinished, figures: [trained.figure.name: trained.figure.value])
  }

  /// Follows a recipe on pictures that are at hand.
  /// - Parameters:
  ///   - recipe: as the specification has it under `training`.
  ///   - owner: how messages call it.
  ///   - known: what is trained on.
  ///   - watched: pictures that the loss is watched on and abstention is calibrated by.
  ///   - request: its steps, seed, folder, workers and log count.
  public static func model(
    by recipe: YAMLValue, of owner: String, on known: LabelledImages, watching watched: LabelledImages,
    _ request: TrainingRequest
  ) throws -> ClassImageModel {
    try trained(recipe, of: owner, request) { _, _ in
      Pictures(known: known, watched: watched, prior: try known.prior())
    }.model
  }

  /// What a recipe makes of pictures.
  private struct Trained {
    let model: ClassImageModel
    /// With what the request had instead.
    let recipe: any Encodable
    var isFinished = true
    let figure: (name: String, value: Double)
  }

  private struct Pictures {
    let known: LabelledImages
    /// The loss is watched on these.
    let watched: LabelledImages
    /// P(class) of the mixture.
    let prior: [Double]
  }

  private typealias Source = (_ classes: [String], _ heldOut: Int) throws -> Pictures

  private static func trained(
    _ recipe: YAMLValue, of owner: String, _ request: TrainingRequest, _ source: Source
  ) throws -> Trained {
    let family: String? = try YAMLReader(recipe, of: owner).optional("family")
    func train<Network: NetworkRecipe>(_ network: Network.Type) throws -> Trained {
      try trainFamily(recipe.decode(FamilyRecipe<Network>.self, of: owner), request, source)
    }
    return switch family {
    case "mixture": try trainMixture(recipe.decode(MixtureRecipe.self, of: owner), request, source)
    case "autoregressive": try train(AutoregressiveArchitecture.Recipe.self)
    case "flow": try train(FlowArchitecture.Recipe.self)
    case "discriminative": try train(DiscriminativeArchitecture.Recipe.self)
    case "variational": try train(VariationalArchitecture.Recipe.self)
    case "adversarial": try train(AdversarialArchitecture.Recipe.self)
    case "diffusion": try train(DiffusionArchitecture.Recipe.self)
    default:
      throw PipelineError.usage(
        NearestName.unknown(
          "family", family ?? "",
          known: [
            "mixture", "autoregressive", "flow", "variational", "adversarial", "diffusion", "discriminative",
          ], listing: true))
    }
  }

  private static func trainFamily<Network>(
    _ given: FamilyRecipe<Network>, _ request: TrainingRequest, _ source: Source
  ) throws -> Trained {
    var recipe = given
    if let steps = request.steps { recipe.training.steps = steps }
    if let seed = request.seed { recipe.training.seed = seed }
    let pictures = try source(recipe.classes, recipe.heldOut)
    let result = try FamilyTraining(recipe: recipe, request: request)(
      pictures.known, watching: pictures.watched)
    return Trained(
      model: result.model, recipe: recipe, isFinished: result.isFinished,
      figure: ("held-out loss", result.loss))
  }

  private static func trainMixture(
    _ given: MixtureRecipe, _ request: TrainingRequest, _ source: Source
  ) throws -> Trained {
    var recipe = given
    if let steps = request.steps { recipe.iterations = steps }
    if let seed = request.seed { recipe.seed = seed }
    try checkDevice(request.device)
    try recipe.check()
    if request.resume || request.timeLimit != nil {
      request.log.info(
        "a mixture is fitted within minutes: --resume begins anew, and there is no --time-limit")
    }
    let result = try fit(recipe, source(recipe.classes, recipe.heldOut), request)
    return Trained(model: result.model, recipe: recipe, figure: ("held-out bits/dim", result.bits))
  }

  private static func fit(
    _ recipe: MixtureRecipe, _ pictures: Pictures, _ request: TrainingRequest
  ) throws -> (model: ClassImageModel, bits: Double) {
    let (known, calibration) = (pictures.known, pictures.watched)
    let shape = known.pixels.shape
    let x = try LabelledImages.dequantized(
      known.pixels, noise: BatchNoise(seed: recipe.seed, first: 0, count: known.count)
    ).reshaped([known.count, shape[1] * shape[2] * shape[3]])
    let byClass = known.classes.indices.map { label in
      known.labels.indices.filter { known.labels[$0] == label }
    }
    let samples = try byClass.map { try x.indexSelect(0, Tensor($0.map(Int64.init), shape: [$0.count])) }
    let progress = ProgressLine(
      "train", total: byClass.count * recipe.iterations, unit: "iterations", mode: request.progress)
    defer { progress.finish() }
    let deviation = recipe.leastDeviation / 256
    let fit = MixtureFit(
      .init(
        classes: byClass.count, components: recipe.components, dimensions: x.shape[1], rank: recipe.rank),
      iterations: recipe.iterations, leastVariance: deviation * deviation, seed: recipe.seed)
    let mixture = try fit(samples) { label, iteration, logDensity in
      try Interrupt.check()
      progress.advance()
      if iteration == recipe.iterations - 1 {
        let bits = 8 - logDensity / (Double(x.shape[1]) * log(2))
        request.log.info("\(known.classes[label]): \(String(format: "%.3f", bits)) bits/dim on its own data")
      }
    }
    var description = ClassImageModel.Description(
      classes: known.classes, prior: pictures.prior, channels: shape[1],
      height: shape[2], width: shape[3])
    let model = try ClassImageModel(
      MixtureArchitecture(mixture: mixture.configuration), description: description)
    // Half the size; but the weights of the Gaussians add up to one, and there are few of them.
    let rounded = try mixture.weights().map { name, weight in
      (name, name == "log_weights" ? weight : try weight.to(.float16).to(.float32))
    }
    try model.module.load(Dictionary(uniqueKeysWithValues: rounded), name: "mixture")
    let evaluation = ClassImageEvaluation(model: model, workers: request.workers)
    let densities = try evaluation.logDensities(calibration, seed: 0)
    description.typicality = Typicality(heldOut: try evaluation.savings(densities, calibration))
    let bits = -meanWithError(densities.map(\.total)).mean / (Double(description.dimensions) * log(2))
    request.log.info("held out: \(String(format: "%.3f", bits)) bits/dim over \(calibration.count) pictures")
    return (model.described(description), bits)
  }
}
