internal import Foundation
internal import PipelineCore
internal import Torch

/// Draws pictures of captions, again where a checker sees something else than was asked for.
///
/// That is rejection from P(picture | caption): draws of P(picture | caption, the checker sees in it what the caption says).
/// A caption that describes no scene is not checked.
struct CheckedDrawing: Sendable {
  let model: CaptionModel
  /// What a picture `[3, side, side]` over 0…1 shows; nil for plain draws.
  let sees: (@Sendable (Tensor) throws -> Scene)?
  /// Draws of a sample at most; 1 where nothing looks.
  let tries: Int

  struct Drawn {
    /// `[C, side, side]` over 0…1.
    let pixels: Tensor
    /// How many times the sample was drawn.
    let tries: Int
    /// What the checker sees in it; nil where that is what was asked for, or nothing was checked.
    let seen: Scene?
  }

  /// Of noise, reserved for a draw: more than any sampler takes.
  static let stepsOfADraw = 1_000_000

  init(_ model: CaptionModel, tries: Int, sees: (@Sendable (Tensor) throws -> Scene)?) {
    self.model = model
    self.sees = tries > 1 ? sees : nil
    self.tries = self.sees == nil ? 1 : tries
  }

  /// - Parameter checker: nil for plain draws.
  init(_ model: CaptionModel, tries: Int, checker: SceneJudge?) {
    guard let checker else {
      self.init(model, tries: 1, sees: nil)
      return
    }
    // Alone, for libtorch may round by the number of rows.
    self.init(model, tries: tries) { pixels throws -> Scene in
      try checker.verdicts(PictureLevels.levels(pixels).unsqueezed(0))[0]
    }
  }

  static let option = OptionDescription.integer(
    "tries", in: 1...100, default: 8,
    help:
      "how often a picture of a scene is drawn, at most, until a checker sees in it what is asked; 1: unchecked"
  )

  /// The weights of what looks at the draws; nil where they are plain.
  /// - Parameter options: with `tries`; a specification without a checker, or a model of no scenes, goes with 1 alone.
  /// - Throws: `PipelineError` of kind `.usage` for more tries that were asked for and mean nothing.
  static func checker(
    _ model: CaptionModel.Description, _ options: Options, _ specification: Specification
  ) throws -> URL? {
    let checker = checker(model, tries: options.integer("tries"), specification)
    try refuseUnchecked(options, isChecked: checker != nil)
    return checker
  }

  static func refuseUnchecked(_ options: Options, isChecked: Bool) throws {
    guard isChecked || !options.isGiven("tries") || options.integer("tries") == 1 else {
      throw PipelineError.usage(
        "--tries is \(options.integer("tries")), but nothing checks this model's draws; 1 would be right")
    }
  }

  static func checker(_ model: CaptionModel.Description, tries: Int, _ specification: Specification) -> URL? {
    guard model.isOfScenes, tries > 1 else { return nil }
    return specification.models.first { $0.name == "checker" }?.weights
  }

  /// As a provenance's condition has them.
  static func weights(of checker: URL?) throws -> [String: String] {
    try checker.map { ["checker SHA-256": try Digest.sha256(of: $0)] } ?? [:]
  }

  /// A picture for each caption: the first draw that passes, or else the first.
  /// - Parameters:
  ///   - other: what guidance leads away from; nil for saying nothing.
  ///   - threads: that may be used; the draws are the same for any number.
  ///   - beforeEach: called before each round of draws; throws to stop.
  func callAsFunction(
    _ captions: [AskedCaption], against other: [Int]?, noise: BatchNoise, threads: Int,
    beforeEach: () throws -> Void = {}
  ) throws -> [Drawn] {
    var drawn = [Drawn?](repeating: nil, count: captions.count)
    var pending = Array(captions.indices)
    for attempt in 0..<tries where !pending.isEmpty {
      try beforeEach()
      // Filled up where libtorch chooses kernels by the number of rows.
      let rows =
        model.drawsInAnyNumber
        ? pending : captions.indices.map { pending[min($0, pending.count - 1)] }
      let x = try model.draw(
        rows.map { captions[$0].words }, against: other,
        noise: BatchNoise(
          seed: noise.seed, samples: rows.map { noise.samples[$0] },
          firstStep: noise.firstStep + attempt * Self.stepsOfADraw), threads: threads)
      pending = try zip(pending, pending.indices).filter { row, place in
        let pixels = try x.select(0, place)
        let seen = try otherwise(pixels, captions[row])
        if seen == nil || attempt == 0 { drawn[row] = Drawn(pixels: pixels, tries: attempt + 1, seen: seen) }
        return seen != nil
      }.map(\.0)
    }
    return drawn.compactMap { result in
      guard let result, result.seen != nil else { return result }
      return Drawn(pixels: result.pixels, tries: tries, seen: result.seen)
    }
  }

  /// What the checker sees instead of what the caption says.
  private func otherwise(_ pixels: Tensor, _ caption: AskedCaption) throws -> Scene? {
    guard let sees, let says = caption.says else { return nil }
    let seen = try sees(pixels)
    return says.matches(seen) ? nil : seen
  }
}
