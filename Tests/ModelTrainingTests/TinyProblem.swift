import Foundation
import Logging
import Synchronization
import TestSupport
import Torch
import TorchNN

@testable import ModelTraining

/// A network of two layers that learns a blur: small enough for hundreds of steps a second, large enough that an
/// optimiser's state matters.
struct TinyProblem {
  var context = "tiny network"
  var recipe: TrainingRecipe
  let folder = try! TemporaryFolder()

  init(steps: Int = 12, optimizer: TrainingRecipe.Optimizer = .muon) {
    recipe = TrainingRecipe(steps: steps, chunkSize: 2)
    recipe.chunksPerStep = 3
    recipe.optimizer = optimizer
    recipe.warmupSteps = 3
    recipe.weightDecay = 0.01
    recipe.evaluateEvery = 5
    recipe.checkpointEvery = 4
    recipe.emaDecay = 0.9
  }

  final class Network: Module {
    let first: Conv2d
    let second: Conv2d
    init() throws {
      first = try Conv2d(1, 4, kernel: 3)
      second = try Conv2d(4, 1, kernel: 3)
    }
    func callAsFunction(_ x: Tensor) throws -> Tensor { try second(first(x).relu()) }
  }

  /// How a run ended and what it left.
  struct Result {
    let outcome: Trainer.Outcome
    let weights: [String: Data]
    let losses: [Double]
  }

  /// - Parameters:
  ///   - stopBefore: the step before which the user presses Ctrl-C.
  ///   - poisoned: the step whose loss is NaN.
  ///   - start: weights to begin with.
  func run(
    resume: Bool = false, workers: Int = 2, stopBefore: Int? = nil, timeLimit: Double? = nil,
    poisoned: Int? = nil, start: URL? = nil
  ) throws -> Result {
    let network = try Network()
    try network.initialize(seed: recipe.seed)
    var log = Logger(label: "tests")
    log.logLevel = .critical
    let trainer = try Trainer(
      model: network, hidden: [network.second.weight], recipe: recipe, context: context, folder: folder.url,
      start: start, workers: workers, log: log)
    let first = resume ? try Checkpoint(folder: folder.url, recipe: recipe, context: context).read().step : 0
    var done = first
    var losses: [Double] = []
    let outcome = try trainer.run(
      resume: resume, timeLimit: timeLimit, shouldStop: { stopBefore.map { done >= $0 } ?? false },
      loss: { step, chunk in
        if step == poisoned { return try network(.full([1, 1, 4, 4], .nan)).mean() }
        let x = try Tensor.noise([2, 1, 8, 8], seed: UInt64(step * 10 + chunk))
        let blurred = try x.conv2d(.full([1, 1, 3, 3], 1.0 / 9), bias: nil, padding: 1)
        return try (network(x) - blurred).squared().mean()
      },
      evaluate: {
        let x = try Tensor.noise([4, 1, 8, 8], seed: 999)
        return [("largest", try network(x).abs().maximum().scalar())]
      },
      progress: { step, loss in
        done = step
        losses.append(loss)
      })
    return Result(
      outcome: outcome, weights: try network.weights().mapValues { try $0.bytes() }, losses: losses)
  }

  var checkpoint: URL { folder.url.appendingPathComponent("checkpoint.safetensors") }

  /// The lines of `log.tsv`, split at tabs.
  func logLines() throws -> [[String]] {
    try String(contentsOf: folder.url.appendingPathComponent("log.tsv"), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
  }
}
