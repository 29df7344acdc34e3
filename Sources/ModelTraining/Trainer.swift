public import Foundation
public import Logging
public import Torch
public import TorchNN

/// Trains a module on a loss that is a function of (step, chunk).
///
/// A step's chunks are differentiated by worker threads of one libtorch thread each, and their gradients are summed
/// in the order of chunks, so the weights do not depend on the number of threads. Stopping and resuming at a
/// checkpoint gives the weights of an uninterrupted run.
public final class Trainer {
  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    case finished
    /// Stopped by the time limit or the user before `step`; the checkpoint goes on from there.
    case stopped(step: Int)
  }

  /// The scalar loss of chunk `chunk` of step `step`; called on worker threads.
  public typealias Loss = @Sendable (_ step: Int, _ chunk: Int) throws -> Tensor
  /// Figures of the averaged weights, in the order in which they are logged.
  public typealias Evaluation = () throws -> [(name: String, value: Double)]

  private let model: any Module
  private let recipe: TrainingRecipe
  private let folder: URL
  private let context: String
  private let runner: ChunkRunner
  private let log: Logger
  private let parameters: [Parameter]
  private let optimizers: [(optimizer: any Optimizer, schedule: CosineSchedule)]
  private let averages: ExponentialMovingAverage

  /// - Parameters:
  ///   - model: with its initial weights.
  ///   - hidden: the parameters that Muon takes, if the recipe asks for it.
  ///   - context: what beside the recipe decides the weights, in words; a checkpoint of another is not resumed.
  ///   - folder: where `checkpoint.safetensors` and `log.tsv` go.
  ///   - start: weights to begin with instead of the model's.
  ///   - workers: number of threads; 0 for one per core.
  /// - Throws: `TrainingError` for a recipe that cannot be; `TensorError` and `FormatError` for weights of another network.
  public init(
    model: some Module, hidden: [Parameter], recipe: TrainingRecipe, context: String = "", folder: URL,
    start: URL? = nil, workers: Int, log: Logger
  ) throws {
    try recipe.check()
    if let start { try model.load(Safetensors(contentsOf: start), name: start.lastPathComponent) }
    self.model = model
    self.recipe = recipe
    self.folder = folder
    self.context = context
    self.log = log
    runner = ChunkRunner(workers: workers, recordsGradients: true)
    parameters = model.trainableParameters
    averages = try ExponentialMovingAverage(model, decay: recipe.emaDecay)
    func schedule(_ peak: Double) -> CosineSchedule {
      CosineSchedule(
        peak: peak, floor: peak * recipe.finalRateShare, warmup: recipe.warmupSteps, steps: recipe.steps)
    }
    let muonParameters = recipe.optimizer == .muon ? hidden : []
    let isHidden = Set(muonParameters.map(ObjectIdentifier.init))
    let others = parameters.filter { !isHidden.contains(ObjectIdentifier($0)) }
    var optimizers: [(any Optimizer, CosineSchedule)] = [
      (
        try AdamW(others, betas: (recipe.momentum ?? 0.9, 0.99), weightDecay: recipe.weightDecay),
        schedule(recipe.learningRate)
      )
    ]
    if !muonParameters.isEmpty {
      optimizers.append(
        (try Muon(muonParameters, weightDecay: recipe.weightDecay), schedule(recipe.hiddenLearningRate)))
    }
    self.optimizers = optimizers
    for parameter in parameters { try parameter.value.requiresGradient(true) }
  }

  /// Runs from step 0, or from the checkpoint if `resume`.
  /// - Parameters:
  ///   - timeLimit: seconds after which a checkpoint is written and the run stops.
  ///   - shouldStop: asked before each step, as when the user presses Ctrl-C.
  ///   - evaluate: called with the averaged weights in the model.
  /// - Returns: how the run ended; the model then holds the averaged weights.
  /// - Throws: `TrainingError` for a checkpoint of another recipe or a loss that is not finite.
  public func run(
    resume: Bool, timeLimit: Double?, shouldStop: () -> Bool, loss: @escaping Loss, evaluate: Evaluation,
    progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> Outcome {
    // The optimisers work on this thread: with one libtorch thread their rounding does not depend on the machine's
    // cores, and the workers' threads are not disturbed.
    try ChunkRunner.single {
      try steps(
        resume: resume, timeLimit: timeLimit, shouldStop: shouldStop, loss: loss, evaluate: evaluate,
        progress: progress)
    }
  }

  private func steps(
    resume: Bool, timeLimit: Double?, shouldStop: () -> Bool, loss: @escaping Loss, evaluate: Evaluation,
    progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> Outcome {
    let trainingLog = try TrainingLog(folder: folder, resume: resume)
    var step = 0
    if resume { step = try restore() }
    let start = Date()
    let first = step
    var recent: [Double] = []
    while step < recipe.steps {
      let isOverTime = timeLimit.map { Date().timeIntervalSince(start) > $0 } ?? false
      if isOverTime || shouldStop() {
        try save(step: step)
        try useAverages()
        return .stopped(step: step)
      }
      let value = try advance(step, loss)
      guard value.isFinite else {
        throw TrainingError(
          "the loss of step \(step) is \(value); the checkpoint before it is whole, a lower learning rate may help"
        )
      }
      recent.append(value)
      step += 1
      progress(step, value)
      if step % recipe.evaluateEvery == 0 || step == recipe.steps {
        let figures = try withAverages(evaluate)
        let rate = Double(step - first) / Date().timeIntervalSince(start)
        try trainingLog.append(
          step: step,
          [("loss", recent.reduce(0, +) / Double(recent.count)), ("steps/s", rate)] + figures)
        let text = figures.map { "\($0.name) \(String(format: "%.4f", $0.value))" }.joined(separator: ", ")
        log.info("step \(step) of \(recipe.steps): \(text)")
        recent = []
      }
      if step % recipe.checkpointEvery == 0 || step == recipe.steps { try save(step: step) }
    }
    try useAverages()
    return .finished
  }

  private func advance(_ step: Int, _ loss: @escaping Loss) throws -> Double {
    let inputs = parameters
    let chunks = try runner.map(recipe.chunksPerStep) { chunk in
      let value = try loss(step, chunk)
      return (try value.scalar(), try Autograd.gradients(of: value, inputs.map(\.value)))
    }
    let share = 1 / Double(chunks.count)
    let gradients = try Autograd.disabled {
      let sums = chunks[0].1
      for chunk in chunks.dropFirst() { for (sum, part) in zip(sums, chunk.1) { try sum.add_(part) } }
      for sum in sums { try sum.mul_(share) }
      if recipe.gradientClip > 0 { try clipGradients(sums, limit: recipe.gradientClip) }
      return sums
    }
    let byParameter = Dictionary(
      uniqueKeysWithValues: zip(parameters.map(ObjectIdentifier.init), gradients))
    for (optimizer, schedule) in optimizers {
      let own = optimizer.parameters.compactMap { byParameter[ObjectIdentifier($0)] }
      try optimizer.step(own, learningRate: schedule.rate(at: step))
    }
    try averages.update()
    return chunks.reduce(0) { $0 + $1.0 } * share
  }

  private func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
    let trained = parameters.map(\.value)
    try useAverages()
    defer { for (parameter, value) in zip(parameters, trained) { parameter.value = value } }
    return try body()
  }

  private func useAverages() throws {
    for (name, parameter) in model.namedParameters { parameter.value = try averages.averages[name]!.cloned() }
  }

  private var checkpoint: Checkpoint { Checkpoint(folder: folder, recipe: recipe, context: context) }

  private func save(step: Int) throws {
    var tensors = try model.weights().mapKeys { "model.\($0)" }
    tensors.merge(averages.averages.mapKeys { "average.\($0)" }) { $1 }
    for (index, entry) in optimizers.enumerated() {
      tensors.merge(entry.optimizer.state.mapKeys { "optimizer.\(index).\($0)" }) { $1 }
    }
    try checkpoint.write(tensors, step: step)
  }

  private func restore() throws -> Int {
    let (tensors, step) = try checkpoint.read()
    try Autograd.disabled {
      for (name, parameter) in model.namedParameters {
        guard let value = tensors["model.\(name)"], value.shape == parameter.value.shape else {
          throw TrainingError("\(checkpoint.file.path) has no weight '\(name)' of this network")
        }
        try parameter.value.copy_(value)
      }
    }
    try averages.restore(tensors.stripping("average."), count: step)
    for (index, entry) in optimizers.enumerated() {
      try entry.optimizer.restore(tensors.stripping("optimizer.\(index)."))
    }
    return step
  }
}

extension Dictionary where Key == String {
  fileprivate func mapKeys(_ transform: (String) -> String) -> [String: Value] {
    Dictionary(uniqueKeysWithValues: map { (transform($0.key), $0.value) })
  }

  fileprivate func stripping(_ prefix: String) -> [String: Value] {
    Dictionary(
      uniqueKeysWithValues: compactMap { key, value in
        key.hasPrefix(prefix) ? (String(key.dropFirst(prefix.count)), value) : nil
      })
  }
}
