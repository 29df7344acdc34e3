internal import Foundation
internal import Logging
internal import ModelTraining
internal import PipelineCore
internal import Torch
internal import TorchNN

/// The recipe of a matcher of pictures and captions.
struct CaptionMatcherRecipe: Codable, Sendable, Equatable {
  var family: String
  var text: CaptionRecipe.Text
  /// Of the convolutions' levels.
  var channels: [Int]
  var blocks: Int
  /// D of the space.
  var dimensions: Int
  /// What nearness is divided by to become a score.
  var temperature: Double
  /// The largest deviation of noise that pictures are seen with.
  var noise: Double
  /// Pixels by which pictures are shifted at most.
  var shift: Int
  var training: TrainingRecipe
}

/// Trains a matcher on all pictures of a folder, so that it knows those as well that models which draw have never seen.
struct CaptionMatcherTraining {
  let recipe: CaptionMatcherRecipe
  let pictures: CaptionedPictures
  let request: TrainingRequest

  private static let watched = 1000

  /// - Returns: the matcher, whether the run is finished, and the share of pictures that are nearer to their own name than to
  ///   99 others.
  func callAsFunction() throws -> (matcher: CaptionMatcher, isFinished: Bool, accuracy: Double) {
    let training = recipe.training
    let vocabulary = PictureSource.vocabulary(pictures.entries.flatMap { [$0.caption] + $0.keywords })
    let description = CaptionMatcher.Description(
      words: vocabulary.words, side: pictures.x.shape[2],
      network: .init(
        text: .init(
          vocabulary: vocabulary.words.count + Int(CaptionTokens.first), length: vocabulary.longest + 1,
          width: recipe.text.width, layers: recipe.text.layers, heads: recipe.text.heads),
        picture: .init(
          pictureChannels: 4, channels: recipe.channels, blocks: recipe.blocks, classes: recipe.dimensions)))
    guard description.isPlausible, (0...1).contains(recipe.noise), (0...16).contains(recipe.shift),
      (0.001...10).contains(recipe.temperature)
    else {
      throw PipelineError.usage("the recipe of the matcher cannot be: \(try MetadataText.json(recipe))")
    }
    let matcher = try CaptionMatcher(description)
    try matcher.network.initialize(seed: training.seed)
    request.log.info("\(matcher.network.parameterCount) parameters")
    let trainer = try Trainer(
      model: matcher.network, hidden: matcher.network.hiddenWeights, recipe: training,
      context: try MetadataText.json(description), folder: request.folder, start: request.start,
      workers: request.workers,
      log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let watch = { () throws -> Double in
      let ranks = try CaptionRetrieval(matcher, pictures.entries.map(\.caption)).ranks(
        of: Array(pictures.entries.indices.prefix(Self.watched)), workers: request.workers
      ) { try pictures.x.indexSelect(0, $0) }
      return Double(ranks.count { $0 == 0 }) / Double(ranks.count)
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        try loss(
          matcher, vocabulary,
          BatchNoise(
            seed: training.seed,
            samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) }, firstStep: step
          ))
      },
      evaluate: { [("accuracy", try watch())] }, progress: { _, _ in progress.advance() })
    try matcher.network.round(to: training.storage ?? .half)
    return (matcher, outcome == .finished, try watch())
  }

  /// −log P(own caption | picture) and −log P(own picture | caption) among those of the chunk.
  private func loss(_ matcher: CaptionMatcher, _ vocabulary: CaptionVocabulary, _ noise: BatchNoise) throws
    -> Tensor
  {
    let rows = noise.samples.indices.map { noise.row($0, stream: "pictures") }
    let chosen = rows.map { $0.integers(below: pictures.entries.count, count: 1)[0] }
    let words = zip(chosen, rows).map {
      vocabulary.tokens(PictureSource.caption(pictures.entries[$0], $1)).indices
    }
    let (seen, said) = (
      try matcher.network.directions(varied(chosen, noise)), try matcher.network.directions(words)
    )
    let scores = try seen.matmul(said.permuted([1, 0])) / recipe.temperature
    let count = chosen.count
    // The same picture twice is right both times.
    let own = chosen.flatMap { a in chosen.map { a == $0 ? Float(1) : 0 } }
    let right = try Tensor(own, shape: [count, count])
    let shares = try right / right.sum([1], keepAxes: true)
    return try ((scores.logSoftmax(1) + scores.logSoftmax(0)) * shares).sum() / Double(-2 * count)
  }

  /// Pictures, each a little shifted, and with noise.
  private func varied(_ chosen: [Int], _ noise: BatchNoise) throws -> Tensor {
    let (most, side) = (recipe.shift, pictures.x.shape[2])
    let wider = try pictures.x.indexSelect(0, Tensor(chosen.map(Int64.init), shape: [chosen.count]))
      .padded([most, most, most, most])
    let shifted = try Tensor.stack(
      chosen.indices.map { row in
        let steps = noise.row(row, stream: "shift").integers(below: 2 * most + 1, count: 2)
        return try wider.select(0, row).narrow(1, start: steps[0], length: side)
          .narrow(2, start: steps[1], length: side)
      })
    let strength = try noise.uniform([1, 1, 1], stream: "strength") * recipe.noise
    return try shifted + noise.normal(Array(shifted.shape.dropFirst()), stream: "grain") * strength
  }
}
