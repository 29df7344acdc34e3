internal import Foundation
internal import Logging
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of the judge of scenes.
struct SceneJudgeRecipe: Codable, Sendable, Equatable {
  var family: String
  /// Scenes that its accuracy is watched on.
  var watched: Int
  var channels: [Int]
  var blocks: Int
  /// The largest deviation of noise that pictures are seen with.
  var noise: Double
  var training: TrainingRecipe
}

/// Trains a judge on scenes of the whole grammar, held-out ones among them.
struct SceneJudgeTraining {
  let recipe: SceneJudgeRecipe
  let request: TrainingRequest

  /// - Returns: the judge, whether the run is finished, and how many scenes not trained on it sees wholly right.
  func callAsFunction() throws -> (judge: SceneJudge, isFinished: Bool, accuracy: Double) {
    let training = recipe.training
    let description = SceneJudge.Description(
      side: SceneRenderer.side,
      network: .init(
        pictureChannels: 3, channels: recipe.channels, blocks: recipe.blocks,
        classes: SceneAttributes.sizes.reduce(0, +)))
    guard description.isPlausible, (2...1_000_000).contains(recipe.watched), (0...1).contains(recipe.noise)
    else { throw PipelineError.usage("the recipe of the judge cannot be: \(try MetadataText.json(recipe))") }
    let judge = try SceneJudge(description)
    try judge.network.initialize(seed: training.seed)
    request.log.info("\(judge.network.parameterCount) parameters")
    let strongest = recipe.noise
    let trainer = try Trainer(
      model: judge.network, hidden: judge.network.hiddenWeights, recipe: training,
      context: "judge \(recipe.channels) \(recipe.blocks) \(recipe.noise)", folder: request.folder,
      start: request.start,
      workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      let right = try Self.right(judge, count: recipe.watched, seed: ~training.seed, workers: request.workers)
      return Double(right.count { $0 }) / Double(right.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let noise = BatchNoise(
          seed: training.seed,
          samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step)
        let rendered = try RenderedScenes(noise) { SceneGrammar.draw($0) }
        let strength = try noise.uniform([1, 1, 1], stream: "strength") * strongest
        let grain = try noise.normal(Array(rendered.x.shape.dropFirst()), stream: "grain")
        let scores = try judge.scores(rendered.x + grain * strength)
        return try SceneAttributes.loss(SceneAttributes.lists(scores), rendered.scenes)
      },
      evaluate: { [("held-out accuracy", try watch())] }, progress: { _, _ in progress.advance() })
    try judge.network.round(to: training.storage ?? .half)
    return (judge, outcome == .finished, try watch())
  }

  /// Whether the judge sees each of `count` rendered scenes wholly right.
  static func right(_ judge: SceneJudge, count: Int, seed: UInt64, workers: Int) throws -> [Bool] {
    let size = 50
    return try ChunkRunner(workers: workers).map((count + size - 1) / size) { chunk in
      let rows = chunk * size..<min(count, (chunk + 1) * size)
      let rendered = try RenderedScenes(BatchNoise(seed: seed, first: rows.lowerBound, count: rows.count)) {
        SceneGrammar.draw($0)
      }
      return zip(try judge.verdicts(rendered.x), rendered.scenes).map { $0 == $1 }
    }.flatMap { $0 }
  }
}
