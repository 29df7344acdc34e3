import Families
import Foundation
import ModelTraining
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// From photographs to a model that enlarges, with an interruption.
struct TrainingTests {
  private func recipe(steps: Int = 8) -> SuperResolutionRecipe {
    var training = TrainingRecipe(steps: steps, chunkSize: 2)
    training.warmupSteps = 2
    training.evaluateEvery = 4
    training.checkpointEvery = 4
    training.emaDecay = 0.9
    return SuperResolutionRecipe(
      network: .init(channels: 4, blocks: 1, scale: 2), patch: 8, loss: .absolute, training: training)
  }

  private func training(
    _ recipe: SuperResolutionRecipe, _ photographs: TemporaryFolder, _ folder: TemporaryFolder,
    workers: Int = 2
  ) throws -> SuperResolutionTraining {
    let dataset = try PhotographDataset(folders: [photographs.url], scale: 2, log: Synthetic.log)
    return try SuperResolutionTraining(
      recipe: recipe, dataset: dataset, folder: folder.url, workers: workers, log: Synthetic.log)
  }

  private func weights(_ model: SuperResolutionModel) throws -> Data {
    try model.weights(notes: [:]).encoded()
  }

  @Test func stoppedResumedAndUsed() throws {
    let photographs = try Synthetic.photographs(5)
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    let whole = try training(recipe(), photographs, folders[0])
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(whole.outcome == .finished && whole.validation.isFinite)

    var steps = 0
    let interrupted = try training(recipe(), photographs, folders[1], workers: 1)
    let first = try interrupted.run(
      resume: false, timeLimit: nil, shouldStop: { steps >= 3 }, progress: { step, _ in steps = step })
    #expect(first.outcome == .stopped(step: 3))
    let second = try training(recipe(), photographs, folders[1])
      .run(resume: true, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(second.outcome == .finished)
    #expect(try weights(second.model) == weights(whole.model))
    #expect(second.validation == whole.validation)

    let file = folders[1].url.appendingPathComponent("weights.safetensors")
    try second.model.write(to: file, notes: [:])
    let upscaler = try Upscaler(model: SuperResolutionModel(contentsOf: file))
    let enlarged = try upscaler(Synthetic.picture(height: 9, width: 7))
    #expect(enlarged.shape == [3, 18, 14])
    #expect(try enlarged.isFinite())
  }

  @Test func trainingHelps() throws {
    let photographs = try Synthetic.photographs(5)
    let fresh = try training(recipe(steps: 0), photographs, TemporaryFolder())
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    let trained = try training(recipe(steps: 60), photographs, TemporaryFolder())
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(trained.validation > fresh.validation + 1)
  }

  @Test func bfloat16TrainsToAboutTheSame() throws {
    let photographs = try Synthetic.photographs(3)
    let exact = try training(recipe(), photographs, TemporaryFolder())
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    var rough = recipe()
    rough.training.precision = .bfloat16
    let half = try training(rough, photographs, TemporaryFolder())
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(try weights(half.model) != weights(exact.model))
    #expect(abs(half.validation - exact.validation) < 1)
    // What is left behind computes in float32 again.
    #expect(half.model.network.trunk.head.computeType == .float32)
  }

  @Test func startingFromAModel() throws {
    let photographs = try Synthetic.photographs(3)
    let start = try Synthetic.model(channels: 4, blocks: 1)
    let before = try weights(start)
    let run = try training(recipe(), photographs, TemporaryFolder())
    let result = try run.run(
      start: start, resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(try weights(result.model) != before)
    #expect(try weights(start) == before)
    let other = try Synthetic.model(channels: 5, blocks: 1)
    let error = try #require(throws: TensorError.self) {
      try run.run(start: other, resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    }
    #expect(error.description.hasPrefix("the weights to start from: weight 'trunk.head.weight' has shape"))
  }

  /// The file gives back the model that was validated.
  @Test(arguments: [nil, .half, .int8] as [WeightStorage?]) func storage(_ storage: WeightStorage?) throws {
    let photographs = try Synthetic.photographs(3)
    var recipe = recipe(steps: 1)
    recipe.network.channels = 24
    recipe.training.storage = storage
    let training = try training(recipe, photographs, TemporaryFolder())
    let result = try training.run(
      resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    let file = try result.model.weights(notes: [:])
    #expect(file.tensors["trunk.body.0.conv1.weight"]?.dtype == (storage == .int8 ? .int8 : .float16))
    let read = try SuperResolutionModel(weights: file, name: "weights.safetensors")
    #expect(try training.validation(of: read) == result.validation)
  }

  @Test func recipesThatDoNotFitTheData() throws {
    let photographs = try Synthetic.photographs(3)
    var other = recipe()
    other.network.scale = 3
    var error = try #require(throws: TensorError.self) { try training(other, photographs, TemporaryFolder()) }
    #expect(error.description == "the data are for scale 2, the network for scale 3")
    other = recipe()
    other.patch = 33
    error = try #require(throws: TensorError.self) { try training(other, photographs, TemporaryFolder()) }
    #expect(
      error.description
        == "a patch of 33 pixels does not fit into the smallest photograph, 36×32 when reduced by 2")
  }
}
