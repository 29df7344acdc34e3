import Families
import Foundation
import MediaTensors
import ModelTraining
import PipelineCore
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// From a point estimate to a model that was trained against a discriminator, with an interruption.
struct PerceptualTrainingTests {
  private func training(_ photographs: TemporaryFolder, _ folder: TemporaryFolder, workers: Int = 2) throws
    -> PerceptualTraining
  {
    var training = TrainingRecipe(steps: 6, chunkSize: 2)
    training.learningRate = 1e-3
    training.warmupSteps = 2
    training.evaluateEvery = 3
    training.checkpointEvery = 3
    training.emaDecay = 0.5
    training.storage = .int8
    let recipe = PerceptualRecipe(
      family: "adversarial", discriminator: 4, objective: .jensenShannon, penalty: 0.1,
      nearness: .init(pixels: 1, features: 1, reduced: 1, adversarialShare: 0.2), features: "features",
      start: "fidelity", patch: 8, training: training)
    try recipe.check(name: "perceptual-x4", scale: 4)
    return PerceptualTraining(
      recipe: recipe,
      photographs: try PhotographDataset(folders: [photographs.url], scale: 4, log: Synthetic.log),
      start: try Synthetic.model(scale: 4), startSHA256: "start", judge: try Synthetic.judge(),
      judgeSHA256: "judge", folder: folder.url, workers: workers, log: Synthetic.log)
  }

  @Test func stoppedResumedAndUsed() throws {
    let photographs = try Synthetic.photographs(4)
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    let whole = try training(photographs, folders[0])
      .run(resume: false, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    #expect(whole.outcome == .finished && whole.distance > 0)

    var steps = 0
    let first = try training(photographs, folders[1], workers: 1).run(
      resume: false, timeLimit: nil, shouldStop: { steps >= 2 }, progress: { step, _ in steps = step })
    #expect(first.outcome == .stopped(step: 2))
    let second = try training(photographs, folders[1])
      .run(resume: true, timeLimit: nil, shouldStop: { false }, progress: { _, _ in })
    let bytes = try whole.model.weights(notes: [:]).encoded()
    #expect(try second.model.weights(notes: [:]).encoded() == bytes && second.distance == whole.distance)

    // The generator has moved away from where it began, and enlarges.
    let read = try SuperResolutionModel(
      weights: Safetensors(data: bytes, name: "weights"), name: "weights.safetensors")
    let low = try Synthetic.picture(height: 9, width: 7)
    let drawn = try Upscaler(model: read)(low)
    #expect(drawn.shape == [3, 36, 28])
    #expect(try largestDifference(drawn, Upscaler(model: Synthetic.model(scale: 4))(low)) > 1e-4)
  }

  @Test func recipesThatCannotBe() throws {
    let training = try training(Synthetic.photographs(1), TemporaryFolder())
    var recipe = training.recipe
    recipe.patch = 9
    recipe.discriminator = 3
    let error = try #require(throws: PipelineError.self) { try recipe.check(name: "odd", scale: 3) }
    #expect(error.kind == .usage && error.description.contains("the recipe 'odd'"))
  }

  /// Two kinds of pictures that are easily told apart are, and the file holds what tells them.
  @Test func judgesLearnAndResume() throws {
    var recipe = PictureJudgeRecipe(
      channels: [4, 6], blocks: 1, shift: 1, heldOut: 8, training: TrainingRecipe(steps: 150, chunkSize: 8))
    recipe.training.warmupSteps = 2
    recipe.training.hiddenLearningRate = 0.01
    recipe.training.learningRate = 0.01
    recipe.training.emaDecay = 0.8
    let count = 64
    let waves = try (0..<count).map { index -> Tensor in
      let picture = try Synthetic.picture(height: 8, width: 8, seed: index)
      return try (index % 2 == 0 ? picture : picture.narrow(1, start: 0, length: 1).expanded([3, 8, 8])) * 255
    }
    let pictures = LabelledImages(
      pixels: try Tensor.stack(waves).to(.uint8), labels: (0..<count).map { $0 % 2 },
      classes: ["waves", "stripes"])
    func request(_ folder: TemporaryFolder, resume: Bool = false, workers: Int = 2) throws -> TrainingRequest
    {
      TrainingRequest(
        model: "judge", options: try Options([], owner: "test", given: [:], fallbacks: [:]), data: [],
        folder: folder.url, resume: resume, workers: workers, log: Synthetic.log)
    }
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    let whole = try PictureJudgeTraining(recipe: recipe, request: request(folders[0]))(pictures)
    #expect(whole.isFinished && whole.accuracy >= 0.75)
    var limited = try request(folders[1], workers: 1)
    limited.timeLimit = 0
    #expect(try PictureJudgeTraining(recipe: recipe, request: limited)(pictures).isFinished == false)
    let second = try PictureJudgeTraining(recipe: recipe, request: request(folders[1], resume: true))(
      pictures)
    let bytes = try whole.judge.weights(notes: [:]).encoded()
    #expect(try second.judge.weights(notes: [:]).encoded() == bytes)
    let file = folders[0].url.appendingPathComponent("judge.safetensors")
    try bytes.write(to: file)
    #expect(try PictureJudge(contentsOf: file).description == whole.judge.description)
  }
}
