internal import Families
internal import Torch

/// How well captions explain a picture.
struct CaptionEvidence {
  /// Levels of noise, unless said otherwise.
  static let levels = 32
  private static let chunk = 4

  private let model: CaptionModel
  private let x: Tensor
  private let levels: Int

  /// - Parameter x: `[3, side, side]` over 0…1.
  init(_ model: CaptionModel, _ x: Tensor, levels: Int) throws {
    (self.model, self.levels) = (model, levels)
    self.x = try (x * 255 + 0.5) / 256
  }

  /// log P(picture | caption) of each caption up to a sum that is the same for all, in nats; a bound that is estimated with
  /// the same noise for each.
  func callAsFunction(_ captions: [[Int]], workers: Int) throws -> [Double] {
    let chunks = (captions.count + Self.chunk - 1) / Self.chunk
    return try ChunkRunner(workers: workers).map(chunks) { chunk in
      let rows = captions[chunk * Self.chunk..<min(captions.count, (chunk + 1) * Self.chunk)].map { $0 }
      let told = try Autograd.disabled { try model.network.told(rows) }
      return try model.family.evidence(
        of: x.unsqueezed(0), given: told, count: rows.count, levels: levels,
        noise: BatchNoise(seed: 0, first: 0, count: 1)
      )
    }.flatMap { $0 }
  }
}
