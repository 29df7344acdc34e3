public import Foundation
public import Logging

/// What `pipeline train` was asked for.
public struct TrainingRequest: Sendable {
  /// nil for the specification's default model.
  public var model: String?
  /// The task's own options.
  public var options: Options
  /// Files and folders with training data.
  public var data: [URL]
  /// For checkpoints, the log and the weights.
  public var folder: URL
  /// Go on from the checkpoint in `folder`.
  public var resume: Bool
  /// Weights to begin with instead of fresh ones.
  public var start: URL?
  /// Seconds after which the run stops with a checkpoint.
  public var timeLimit: Double?
  /// Instead of the recipe's.
  public var steps: Int?
  public var seed: UInt64?
  /// Threads.
  public var workers: Int
  public var device: String
  public var log: Logger
  public var progress: ProgressLine.Mode

  public init(
    model: String?, options: Options, data: [URL], folder: URL, resume: Bool = false, start: URL? = nil,
    timeLimit: Double? = nil,
    steps: Int? = nil, seed: UInt64? = nil, workers: Int = 0, device: String = "cpu", log: Logger,
    progress: ProgressLine.Mode = .quiet
  ) {
    self.model = model
    self.options = options
    self.data = data
    self.folder = folder
    self.resume = resume
    self.start = start
    self.timeLimit = timeLimit
    self.steps = steps
    self.seed = seed
    self.workers = workers
    self.device = device
    self.log = log
    self.progress = progress
  }
}

extension Specification {
  /// The recipe that `training` has for a model whose weights begin fresh, and how messages call it.
  /// - Throws: `PipelineError` of kind `.usage` where there is none, or where `request` names weights to begin with.
  public func recipe(of model: Model, _ request: TrainingRequest) throws -> (value: YAMLValue, owner: String)
  {
    guard let training else {
      throw PipelineError.usage("the specification of '\(task)' has no recipes under 'training'")
    }
    guard request.start == nil else {
      throw PipelineError.usage("--from is not for \(task): its models begin with fresh weights")
    }
    let recipes = try YAMLReader(training, of: "'training'")
    guard let recipe = recipes.entry(model.name)?.value else {
      throw PipelineError.usage(
        NearestName.unknown("recipe", model.name, known: recipes.keys, listing: true))
    }
    return (recipe, "the recipe of '\(model.name)'")
  }
}

/// How a training run ended.
public struct TrainingReport: Sendable {
  /// The weights' file.
  public var weights: URL
  /// False when the run stopped at a checkpoint.
  public var isFinished: Bool
  /// Named figures on held-out data.
  public var figures: [String: Double]

  public init(weights: URL, isFinished: Bool, figures: [String: Double]) {
    self.weights = weights
    self.isFinished = isFinished
    self.figures = figures
  }
}

/// A task whose models can be trained.
public protocol TrainableTask: PipelineTask {
  /// - Parameter specification: of this task, with the recipes.
  /// - Throws: `PipelineError` and what data and engine throw; the last checkpoint stays whole.
  func train(_ request: TrainingRequest, _ specification: Specification) throws -> TrainingReport

  /// The file beside the specification that `run` takes these weights from.
  func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL
}
