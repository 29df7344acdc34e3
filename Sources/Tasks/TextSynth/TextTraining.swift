internal import Conditioners
internal import Families
internal import Foundation
internal import Logging
internal import ModelEvaluation
internal import ModelTraining
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// The recipe of a model of text.
struct TextRecipe: Codable, Sendable, Equatable {
  struct Network: Codable, Sendable, Equatable {
    var width: Int
    var layers: Int
    var heads: Int
    var hidden: Int
  }

  /// A style that is shown more often than the others.
  struct Favourite: Codable, Sendable, Equatable {
    var style: String
    /// Of the windows; the others have equal parts of the rest.
    var share: Double
  }

  /// Bytes of a window.
  var length: Int
  var favourite: Favourite?
  var network: Network
  var training: TrainingRecipe
}

/// Trains a model on texts.
struct TextTraining {
  let recipe: TextRecipe
  let texts: Texts
  let request: TrainingRequest

  /// - Returns: the model with averaged weights, whether the run is finished, and bits a byte of each held-out style.
  func callAsFunction() throws -> (
    description: TextDescription, network: CausalTransformer, isFinished: Bool,
    figures: [(name: String, value: Double)]
  ) {
    let training = recipe.training
    var description = TextDescription(
      styles: texts.styles,
      network: .init(
        vocabulary: ByteFamily.tokens, outputs: ByteFamily.bytes, condition: texts.styles.count,
        length: recipe.length, width: recipe.network.width, layers: recipe.network.layers,
        heads: recipe.network.heads, hidden: recipe.network.hidden), explained: [])
    guard description.isPlausible else {
      throw PipelineError.usage("the recipe's network cannot be: \(try MetadataText.json(recipe))")
    }
    let (known, heldOut) = (texts.known, texts.heldOut)
    let windows = try TextWindows(known, length: recipe.length, shares: shares())
    let watched = try TextWindows(heldOut, length: recipe.length, shares: shares())
    let network = try CausalTransformer(description.network)
    request.log.info(
      "\(network.parameterCount) parameters; \(known.byteCount) bytes of \(texts.styles.joined(separator: ", ")), \(heldOut.byteCount) held out"
    )
    try network.initialize(seed: training.seed)
    let family = ByteFamily(network)
    let trainer = try Trainer(
      model: network, hidden: network.hiddenWeights, recipe: training,
      context:
        "\(try MetadataText.json(recipe.network)) \(recipe.length) \(texts.styles) \(texts.byteCount) bytes",
      folder: request.folder, start: request.start, workers: request.workers, log: request.log)
    let progress = ProgressLine("train", total: training.steps, unit: "steps", mode: request.progress)
    defer { progress.finish() }
    let figures = { () throws -> [(name: String, value: Double)] in
      let losses = try ChunkRunner(workers: request.workers).map(texts.styles.count * Self.watchedChunks) {
        index in
        let (style, chunk) = (index / Self.watchedChunks, index % Self.watchedChunks)
        let noise = BatchNoise(seed: ~training.seed, first: chunk * Self.watchedRows, count: Self.watchedRows)
        let (x, given) = try watched.batch(noise, style: style)
        return try family.loss(x, given: given, noise: noise).scalar()
      }
      return texts.styles.enumerated().map { index, style in
        let own = losses[index * Self.watchedChunks..<(index + 1) * Self.watchedChunks]
        return (style, own.reduce(0, +) / Double(own.count))
      }
    }
    let outcome = try trainer.run(
      resume: request.resume, timeLimit: request.timeLimit, shouldStop: { Interrupt.isRequested },
      loss: { step, chunk in
        let noise = BatchNoise(
          seed: training.seed,
          samples: (0..<training.chunkSize).map { UInt64(chunk * training.chunkSize + $0) },
          firstStep: step)
        let (x, given) = try windows.batch(noise)
        return try family.loss(x, given: given, noise: noise)
      },
      evaluate: figures, progress: { _, _ in progress.advance() })
    try network.round(to: training.storage ?? .half)
    description.explained = try explained(heldOut, description, network)
    return (description, network, outcome == .finished, try figures())
  }

  /// Of the windows that a style's loss is watched on.
  private static let (watchedChunks, watchedRows) = (2, 16)

  private func shares() throws -> [Double] {
    let count = texts.styles.count
    guard let favourite = recipe.favourite, count > 1 else {
      return [Double](repeating: 1 / Double(count), count: count)
    }
    guard (0...1).contains(favourite.share) else {
      throw PipelineError.usage(
        "the recipe's favourite has a share of \(favourite.share); 0 to 1 would be right")
    }
    guard let place = texts.styles.firstIndex(of: favourite.style) else {
      // Other texts than the recipe's have no favourite.
      return [Double](repeating: 1 / Double(count), count: count)
    }
    return texts.styles.indices.map {
      $0 == place ? favourite.share : (1 - favourite.share) / Double(count - 1)
    }
  }

  /// Pieces of the first half of each held-out text, so that `evaluate` has other ones.
  private func explained(_ heldOut: Texts, _ description: TextDescription, _ network: CausalTransformer)
    throws
    -> [TextDescription.Explained]
  {
    let model = TextModel(description, try CausalTransformerSteps(network))
    let lengths = Self.pieceLengths.filter { length in
      texts.styles.indices.allSatisfy { heldOut[$0].count / 2 >= 2 * length }
    }
    return try lengths.map { length in
      let typicality = try texts.styles.indices.map { style in
        let half = heldOut[style].prefix(heldOut[style].count / 2)
        let pieces = TextPieces(
          Array(half), length: length, count: min(Self.pieceCount, Self.pieceShare * half.count / length),
          seed: recipe.training.seed)
        let logs = try ChunkRunner(workers: request.workers).map(pieces.count) { index in
          try Interrupt.check()
          return model.window(style).read(pieces[index]).reduce(0, +) / Double(length)
        }
        // More digits than these would only fill the file.
        return Typicality(heldOut: logs.map { ($0 * 1e4).rounded() / 1e4 }, count: Self.quantiles)
      }
      return TextDescription.Explained(length: length, typicality: typicality)
    }
  }

  private static let pieceLengths = [64, 256, 1024]
  private static let (pieceCount, quantiles) = (300, 200)
  /// How often a byte is in a piece, at most: of a short text others would tell nothing new.
  private static let pieceShare = 16
}
