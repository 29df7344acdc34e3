import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import ModelTraining

/// Weights depend on recipe and data alone: not on threads, and not on interruptions.
struct TrainerTests {
  @Test func lossFalls() throws {
    var problem = TinyProblem(steps: 60)
    problem.recipe.learningRate = 0.02
    problem.recipe.hiddenLearningRate = 0.02
    let losses = try problem.run().losses
    #expect(losses.count == 60)
    let (before, after) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
    #expect(after / before < 0.6)
  }

  @Test(arguments: TrainingRecipe.Optimizer.allCases)
  func anyNumberOfWorkersGivesTheSameBytes(_ optimizer: TrainingRecipe.Optimizer) throws {
    let one = try TinyProblem(optimizer: optimizer).run(workers: 1)
    for workers in [2, 3] {
      let many = try TinyProblem(optimizer: optimizer).run(workers: workers)
      #expect(many.weights == one.weights)
      #expect(many.losses == one.losses)
    }
  }

  @Test(arguments: TrainingRecipe.Optimizer.allCases, [1, 4, 7, 11])
  func stoppedAndResumed(_ optimizer: TrainingRecipe.Optimizer, _ stop: Int) throws {
    let whole = try TinyProblem(optimizer: optimizer).run()
    #expect(whole.outcome == .finished)
    let problem = TinyProblem(optimizer: optimizer)
    let first = try problem.run(stopBefore: stop)
    #expect(first.outcome == .stopped(step: stop))
    #expect(first.weights != whole.weights)
    let second = try problem.run(resume: true, workers: 1)
    #expect(second.outcome == .finished)
    #expect(second.weights == whole.weights)
    #expect(first.losses + second.losses == whole.losses)
  }

  @Test func stoppedByTheTimeLimit() throws {
    let whole = try TinyProblem().run()
    let problem = TinyProblem()
    #expect(try problem.run(timeLimit: -1).outcome == .stopped(step: 0))
    #expect(try problem.run(resume: true, stopBefore: 5).outcome == .stopped(step: 5))
    #expect(try problem.run(resume: true, timeLimit: -1).outcome == .stopped(step: 5))
    #expect(try problem.run(resume: true, timeLimit: 1000).weights == whole.weights)
  }

  /// A run that is killed goes on from its last checkpoint, made at steps 4 and 8.
  @Test func killedAndResumed() throws {
    let whole = try TinyProblem().run()
    let problem = TinyProblem()
    #expect(throws: TrainingError.self) { try problem.run(poisoned: 9) }
    let second = try problem.run(resume: true)
    #expect(second.losses.count == 4)
    #expect(second.weights == whole.weights)
  }

  @Test func finishedRunsResumeToTheSame() throws {
    let problem = TinyProblem()
    let whole = try problem.run()
    let again = try problem.run(resume: true)
    #expect(again.outcome == .finished && again.losses.isEmpty)
    #expect(again.weights == whole.weights)
  }

  @Test func anotherSeedGivesOtherWeights() throws {
    var other = TinyProblem()
    other.recipe.seed = 2
    #expect(try other.run().weights != TinyProblem().run().weights)
  }

  /// A run goes on from the weights of a file, and says so when they are another network's.
  @Test func beginsWithGivenWeights() throws {
    let problem = TinyProblem(steps: 0)
    let network = try TinyProblem.Network()
    try network.initialize(seed: 9)
    let file = problem.folder.url.appendingPathComponent("start.safetensors")
    try Safetensors(tensors: network.storedWeights()).encoded().write(to: file)
    let (begun, fresh) = (try problem.run(start: file), try problem.run())
    #expect(begun.weights == (try network.weights().mapValues { try $0.bytes() }))
    #expect(begun.weights != fresh.weights)
    try Safetensors(tensors: Linear(2, 2).storedWeights()).encoded().write(to: file)
    #expect(throws: TensorError.self) { try problem.run(start: file) }
    try FileManager.default.removeItem(at: file)
    #expect(throws: (any Error).self) { try problem.run(start: file) }
  }

  @Test func lossThatIsNotFinite() throws {
    let problem = TinyProblem()
    _ = try problem.run(stopBefore: 6)
    let before = try Data(contentsOf: problem.checkpoint)
    let error = try #require(throws: TrainingError.self) { try problem.run(resume: true, poisoned: 6) }
    #expect(error.description.hasPrefix("the loss of step 6 is nan; "))
    #expect(!error.description.contains("\n"))
    #expect(try Data(contentsOf: problem.checkpoint) == before)
  }
}
