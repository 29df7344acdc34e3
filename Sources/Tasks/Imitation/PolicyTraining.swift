internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a policy.
struct PolicyRecipe: Codable, Sendable, Equatable {
  struct Network: Codable, Sendable, Equatable {
    var width: Int
    var blocks: Int
    /// Even.
    var embedding: Int
    /// Of attention among the actions of a chunk: then the network is a transformer over time; nil for a perceptron of the
    /// whole chunk. Of `diffusion` and `flow-matching` alone.
    var heads: Int?
  }

  var family: PolicyDescription.Family
  /// Observations that a chunk is decided by.
  var history: Int
  /// So many demonstrations of the course with two ways are made, in place of `--data`; nil for those of `--data`.
  var course: Int?
  /// Actions of a chunk, and those that are carried out.
  var horizon: Int
  var executed: Int
  /// Of every so many episodes one is held out; 0 for none.
  var heldOutEvery: Int
  /// Where `evaluate` runs the policy.
  var environments: [String]
  /// Deviation of what is added to observations while training, in deviations of the data: a policy that knows that it
  /// cannot know exactly.
  var observationNoise: Double?
  var network: Network
  /// Of P(last action | observations around it).
  var recent: Network
  /// Of `diffusion` and `flow-matching`; their own unless given.
  var sampler: DiffusionFamily.SamplerSettings?
  /// Of `autoregressive`.
  var bins: Int?
  /// Of `mixture-density`.
  var components: Int?
  var training: TrainingRecipe
}

/// Trains a policy on demonstrations.
struct PolicyTraining {
  let recipe: PolicyRecipe
  let demonstrations: Demonstrations
  let request: TrainingRequest

  /// - Returns: the policy with averaged weights, whether the run is finished, and its loss on held-out episodes, or on those
  ///   that it was trained on where none is held out.
  func callAsFunction() throws -> (
    description: PolicyDescription, network: PolicyNetwork, isFinished: Bool,
    loss: (name: String, value: Double)
  ) {
    let training = recipe.training
    let every = recipe.heldOutEvery
    guard every == 0 || every >= 2 else {
      throw PipelineError.usage(
        "the recipe holds out every \(every) episodes; 0, or 2 and more would be right")
    }
    let indexed = Array(demonstrations.episodes.enumerated())
    let seen = Demonstrations(
      of: demonstrations, indexed.filter { every == 0 || $0.offset % every != every - 1 }.map(\.element))
    let others = Demonstrations(
      of: demonstrations, indexed.filter { every > 0 && $0.offset % every == every - 1 }.map(\.element))
    guard !seen.episodes.isEmpty else { throw PipelineError.data("no episode is left to train on") }
    var description = try fresh(seen)
    let network = try PolicyNetwork(description)
    request.log.info(
      "\(network.parameterCount) parameters; \(seen.episodes.count) episodes of \(seen.steps) steps, \(others.episodes.count) held out"
    )
    try network.initialize(seed: training.seed)
    let family = try PolicyFamily(description, network.actions)
    let recent = description.recentDensity { given in
      guard let told = given.global else {
        throw TensorError("a density of actions wants to be told observations")
      }
      return try network.recent(nil, time: nil, condition: told)
    }
    let steps = PolicySteps(seen, description, observationNoise: recipe.observationNoise ?? 0)
    let figure = others.episodes.isEmpty ? "training loss" : "held-out loss"
    let watched = others.episodes.isEmpty ? steps : PolicySteps(others, description, observationNoise: 0)
    @Sendable func loss(_ steps: PolicySteps, _ noise: BatchNoise) throws -> Tensor {
      let batch = try steps.batch(noise)
      let actions = try family.loss(batch.chunks, told: batch.told, noise: noise)
      let last = try recent.loss(batch.last, given: .init(global: batch.around), noise: noise)
      return try actions + last * Self.recentWeight
    }
    let trainer = try Trainer(
      model: network, hidden: network.actions.hiddenWeights + network.recent.hiddenWeights, recipe: training,
      context: "\(try MetadataText.json(description)) \(demonstrations.steps) steps", folder: request.folder,
      start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      let parts = try ChunkRunner(workers: request.workers).map(8) { chunk in
        try loss(watched, BatchNoise(seed: ~training.seed, first: chunk * 256, count: 256)).scalar()
      }
      return parts.reduce(0, +) / Double(parts.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        try loss(
          steps,
          BatchNoise(
            seed: training.seed,
            samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step
          ))
      },
      evaluate: { [(figure, try watch())] }, progress: { _, _ in progress.advance() })
    try network.round(to: training.storage ?? .half)
    description.typicality = others.episodes.isEmpty ? nil : try calibrated(watched, recent)
    return (description, network, outcome == .finished, (figure, try watch()))
  }

  /// What a nat of a last action counts beside the loss: the networks share nothing, and both are trained at once.
  private static let recentWeight = 0.1

  /// Means of log p(action) over as many steps as surprise is measured over.
  private func calibrated(_ steps: PolicySteps, _ recent: MixtureDensity) throws -> Typicality? {
    let means = try ChunkRunner.single {
      try steps.demonstrations.episodes.indices.flatMap { episode -> [Double] in
        guard let (told, actions) = try steps.transitions(ofEpisode: episode) else { return [] }
        let logs = try recent.logDensity(
          actions, known: nil, given: .init(global: told), noise: BatchNoise(seed: 0, first: 0, count: 1)
        ).values.elements(Double.self)
        let window = Policy.surpriseWindow
        return logs.count < window
          ? []
          : (window...logs.count).map { end in
            logs[end - window..<end].reduce(0, +) / Double(window)
          }
      }
    }
    return means.count < 2 ? nil : Typicality(heldOut: means)
  }

  private func fresh(_ data: Demonstrations) throws -> PolicyDescription {
    let (history, horizon) = (recipe.history, recipe.horizon)
    guard (1...64).contains(history), (1...1024).contains(horizon), (1...horizon).contains(recipe.executed)
    else {
      throw PipelineError.usage(
        "the recipe's history is \(history), its horizon \(horizon), of which \(recipe.executed) are carried out; a history of 1 "
          + "to 64, and a horizon of no less than is carried out, would be right")
    }
    for (name, value, range) in [("bins", recipe.bins, 2...4096), ("components", recipe.components, 1...256)]
    {
      if let value, !range.contains(value) {
        throw PipelineError.usage(
          "the recipe's \(name) are \(value); \(range.lowerBound) to \(range.upperBound) would be right")
      }
    }
    if let sampler = recipe.sampler,
      !PolicyDescription.samplers.contains(sampler.name) || sampler.guidance != 1
    {
      throw PipelineError.usage(
        "the recipe's sampler is \(sampler.name.rawValue) with a guidance of \(sampler.guidance); a policy draws by euler or "
          + "dpm-solver, with a guidance of 1")
    }
    if let heads = recipe.network.heads {
      guard recipe.family == .diffusion || recipe.family == .flowMatching else {
        throw PipelineError.usage(
          "the recipe's network has heads, but \(recipe.family.rawValue) has no actions that attend to one another; "
            + "diffusion or flow-matching would be right")
      }
      guard (1...256).contains(heads), recipe.network.width % (16 * heads) == 0 else {
        throw PipelineError.usage(
          "the recipe's network has \(heads) heads of a width of \(recipe.network.width); a width of 16 or a multiple of that "
            + "for each would be right")
      }
    }
    let tasks = data.tasks.count > 1 ? data.tasks : []
    let dimensions = horizon * data.actionSize
    let condition = history * data.observationSize + tasks.count
    let isDiffusion = recipe.family == .diffusion || recipe.family == .flowMatching
    let bins = recipe.bins ?? 64
    let components = recipe.components ?? 8
    let outputs =
      switch recipe.family {
      case .autoregressive: bins
      case .mixtureDensity: MixtureDensity.outputs(components: components, dimensions: dimensions)
      default: dimensions
      }
    let inputs = isDiffusion ? dimensions : recipe.family == .autoregressive ? 2 * dimensions : 0
    let (action, constants) = PolicySteps.range(data)
    guard action.isPlausible else {
      throw PipelineError.data("the demonstrations' actions have numbers that are too large")
    }
    let deviation = PolicySteps.deviation(data, action)
    let description = PolicyDescription(
      family: recipe.family, tasks: tasks, observation: PolicySteps.moments(data), action: action,
      constants: constants.isEmpty ? nil : constants,
      history: history,
      horizon: horizon, executed: recipe.executed,
      network: .init(
        inputs: inputs, condition: condition, outputs: outputs, width: recipe.network.width,
        blocks: recipe.network.blocks, embedding: recipe.network.embedding, hasTime: isDiffusion,
        tokens: recipe.network.heads == nil ? nil : horizon, heads: recipe.network.heads),
      recent: .init(
        inputs: 0, condition: 2 * data.observationSize + tasks.count,
        outputs: MixtureDensity.outputs(
          components: PolicyDescription.recentMixture.components, dimensions: data.actionSize),
        width: recipe.recent.width, blocks: recipe.recent.blocks, embedding: recipe.recent.embedding,
        hasTime: false),
      // Flow matching's times are even over 0…1, of which log σ = log t / (1 − t) is nearly normal with a deviation of 1.7.
      diffusion: isDiffusion
        ? .init(
          mean: 0, deviation: deviation, trainingMean: recipe.family == .flowMatching ? 0 : -0.6,
          trainingDeviation: recipe.family == .flowMatching ? 1.7 : 1.3, unconditionalShare: 0) : nil,
      sampler: isDiffusion ? recipe.sampler ?? Self.sampler(recipe.family) : nil,
      bins: recipe.family == .autoregressive ? bins : nil,
      components: recipe.family == .mixtureDensity ? components : nil, environments: recipe.environments)
    guard description.isPlausible else {
      throw PipelineError.usage("the recipe's network cannot be: \(try MetadataText.json(recipe))")
    }
    return description
  }

  private static func sampler(_ family: PolicyDescription.Family) -> DiffusionFamily.SamplerSettings {
    family == .flowMatching
      ? .init(name: .euler, steps: 10, schedule: .straight)
      : .init(name: .dpmSolver, steps: 10, largest: 20, smallest: 0.02)
  }
}
