internal import ClassImageTask
internal import Conditioners
internal import Families
internal import Foundation
internal import Torch

/// Draws pictures of classes again and again, in chunks over all cores, as the stage does.
struct ClassImageBenchmark {
  private let model: ClassImageModel
  private let count: Int
  /// Of pictures that are drawn together by one thread.
  private let chunk: Int

  /// As the specification has it for all but the mixture.
  private static let chunk = 8

  /// - Parameter steps: of a diffusion model; 0 for its own.
  init(weights: String, count: Int, steps: Int) throws {
    model = try ClassImageModel(contentsOf: URL(fileURLWithPath: weights)).drawing(steps: steps)
    self.count = count
    chunk = model.drawnTogether(
      count, workers: ProcessInfo.processInfo.activeProcessorCount, chunk: Self.chunk)
  }

  func draw() throws {
    let (model, count, chunk) = (model, count, chunk)
    let chunks = (count + chunk - 1) / chunk
    let cores = ProcessInfo.processInfo.activeProcessorCount
    guard let sampler = model.sampler(threads: cores / chunks) else {
      throw TensorError("this model does not draw")
    }
    try ChunkRunner().forEach(chunks) { index in
      let first = index * chunk
      let size = model.parts.drawsInAnyNumber ? min(chunk, count - first) : chunk
      let classes = model.description.classes
      let given = try ClassConditioner(classes: classes)((first..<first + size).map { $0 % classes.count })
      _ = try sampler.sample(given: given, noise: BatchNoise(seed: 1, first: first, count: size))
    }
  }
}
