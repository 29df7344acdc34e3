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

  /// - Parameter steps: of a diffusion model; 0 for its own.
  init(weights: String, count: Int, steps: Int) throws {
    model = try ClassImageModel(contentsOf: URL(fileURLWithPath: weights)).drawing(steps: steps)
    self.count = count
    chunk = min(8, max(1, count / ProcessInfo.processInfo.activeProcessorCount))
  }

  func draw() throws {
    let (model, count, chunk) = (model, count, chunk)
    guard let sampler = model.sampler else { throw TensorError("this model does not draw") }
    try ChunkRunner().forEach((count + chunk - 1) / chunk) { index in
      let first = index * chunk
      let size = min(chunk, count - first)
      let classes = model.description.classes
      let given = try ClassConditioner(classes: classes)((first..<first + size).map { $0 % classes.count })
      _ = try sampler.sample(given: given, noise: BatchNoise(seed: 1, first: first, count: size))
    }
  }
}
