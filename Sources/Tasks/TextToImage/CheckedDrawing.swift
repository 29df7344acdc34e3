internal import Foundation
internal import PipelineCore
internal import Torch

/// Draws pictures of captions, again where a checker sees something else than was asked for.
///
/// That is rejection from P(picture | caption): draws of P(picture | caption, the checker sees in it what the caption says).
/// A caption that describes no scene is not checked.
struct CheckedDrawing: Sendable {
  let model: CaptionModel
  let checker: SceneJudge?
  /// Draws of a sample at most.
  let tries: Int

  struct Drawn {
    /// `[C, H, W]` over 0…1.
    let pixels: Tensor
    /// How many times the sample was drawn.
    let tries: Int
    /// What the checker sees in it; nil where that is what was asked for, or nothing was checked.
    let seen: Scene?
  }

  /// Further from the next draw's than any sampler goes.
  private static let stepsBetweenDraws = 1_000_000

  /// - Parameter checker: nil for plain draws.
  init(_ model: CaptionModel, checker: SceneJudge?, tries: Int) {
    (self.model, self.checker, self.tries) = (model, checker, checker == nil ? 1 : tries)
  }

  /// The checker of a specification's model; nil where it has none, or none is wanted.
  static func checker(_ model: CaptionModel.Description, tries: Int, _ specification: Specification) -> URL? {
    guard model.isOfScenes, tries > 1 else { return nil }
    return specification.models.first { $0.name == "checker" }?.weights
  }

  /// As a provenance's condition has them.
  static func weights(of checker: URL?) throws -> [String: String] {
    try checker.map { ["checker SHA-256": try Digest.sha256(of: $0)] } ?? [:]
  }

  static let option = OptionDescription.integer(
    "tries", in: 1...100, default: 8,
    help: "draws a picture, at most, until a checker sees what the caption says; 1 for plain draws")

  /// A picture for each caption: the first draw that passes, or else the first.
  /// - Parameters:
  ///   - other: what guidance leads away from; nil for saying nothing.
  ///   - threads: that may be used; the draws are the same for any number.
  func callAsFunction(_ captions: [AskedCaption], against other: [Int]?, noise: BatchNoise, threads: Int)
    throws -> [Drawn]
  {
    var drawn = [Drawn?](repeating: nil, count: captions.count)
    var pending = Array(captions.indices)
    for attempt in 0..<tries where !pending.isEmpty {
      // Filled up where libtorch chooses kernels by the number of rows.
      let rows =
        model.drawsInAnyNumber
        ? pending : captions.indices.map { pending[min($0, pending.count - 1)] }
      let x = try model.draw(
        rows.map { captions[$0].words }, against: other,
        noise: BatchNoise(
          seed: noise.seed, samples: rows.map { noise.samples[$0] },
          firstStep: noise.firstStep + attempt * Self.stepsBetweenDraws), threads: threads)
      pending = try zip(pending, pending.indices).filter { row, place in
        let pixels = try x.select(0, place)
        let seen = try checked(pixels, captions[row])
        if seen == nil || attempt == 0 { drawn[row] = Drawn(pixels: pixels, tries: attempt + 1, seen: seen) }
        return seen != nil
      }.map(\.0)
    }
    return drawn.enumerated().compactMap { row, result in
      guard let result, result.seen != nil else { return result }
      return Drawn(pixels: result.pixels, tries: tries, seen: result.seen)
    }
  }

  /// What the checker sees instead of what the caption says; alone, for libtorch may round by the number of rows.
  private func checked(_ pixels: Tensor, _ caption: AskedCaption) throws -> Scene? {
    guard let checker, let says = caption.says else { return nil }
    let seen = try checker.verdicts(PictureLevels.levels(pixels).unsqueezed(0))[0]
    return says.matches(seen) ? nil : seen
  }
}
