internal import Families
internal import Foundation
internal import PipelineCore
internal import Samplers
internal import Torch
internal import TorchNN

/// Draws of what is missing amid a text, by importance resampling: texts are drawn from what is before the gap, and one of
/// them, cut off after some number of bytes, is taken in proportion to how probable it makes what is behind the gap
/// (Rubin 1987, "The calculation of posterior distributions by data augmentation: comment").
///
/// What is behind counts as far as a quarter of a window. All lengths from 1 to the longest are as probable before.
struct TextFilling: Sendable {
  struct Draw: Sendable {
    let text: [UInt8]
    /// Texts that it was chosen among.
    let candidates: Int
    /// 1 / Σ w² of their weights: how many draws from the right distribution they are worth.
    let effectiveSampleSize: Double
  }

  private struct Candidate: Sendable {
    let middle: ArraySlice<UInt8>
    /// log P(behind | before, middle, style).
    let weight: Double
  }

  private let model: TextModel
  private let before: ArraySlice<UInt8>
  private let behind: ArraySlice<UInt8>
  private let styles: [Double]
  private let (length, particles): (Int, Int)
  private let seed: UInt64

  /// - Parameters:
  ///   - gap: what stands in the place of what is missing.
  ///   - name: of the text, for messages.
  /// - Throws: `PipelineError` of kind `.usage` where the gap is not there exactly once.
  init(
    _ model: TextModel, _ text: [UInt8], gap: [UInt8], name: String, style: Int?, length: Int, particles: Int,
    seed: UInt64
  ) throws {
    (self.model, self.length, self.particles, self.seed) = (model, length, particles, seed)
    guard !gap.isEmpty else {
      throw PipelineError.usage("--gap is empty; what stands in the gap would be right")
    }
    let places = text.indices.filter { text[$0...].starts(with: gap) }
    guard places.count == 1, let place = places.first else {
      throw PipelineError.usage(
        "\(name) has \(places.isEmpty ? "no" : "more than one") gap '\(String(decoding: gap, as: UTF8.self))'; "
          + "it once, in place of what is missing, would be right (--gap says how it is written)")
    }
    (before, behind) = (text[..<place], text[(place + gap.count)...])
    styles =
      style.map { style in model.description.styles.indices.map { $0 == style ? 1 : 0 } }
      ?? model.posterior(before)
  }

  /// Draw `index` of the seed, by texts of its own.
  func draw(_ index: Int, context: StageContext) throws -> Draw {
    let own = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "filling").integers(
      below: .max, count: 1)[0]
    let candidates: [Candidate] = try ChunkRunner(workers: context.workers).map(particles) { particle in
      try context.checkCancelled()
      return try cuts(of: BatchNoise(seed: UInt64(own), first: particle, count: 1))
    }.flatMap { $0 }
    let weights = candidates.map(\.weight).softmax
    let chosen = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "choice").category(weights)
    return Draw(
      text: Array(before + candidates[chosen].middle + behind), candidates: candidates.count,
      effectiveSampleSize: 1 / weights.reduce(0) { $0 + $1 * $1 })
  }

  /// One text from what is before, cut off behind each of its characters.
  private func cuts(of noise: BatchNoise) throws -> [Candidate] {
    let style = noise.row(0, stream: "style").category(styles)
    let sight = model.description.network.length
    let weighed = behind.prefix(sight / 4)
    // The window does not begin anew on the way, so what is behind can be tried at each length.
    let room = sight - 1 - length - weighed.count
    guard room >= 0 else {
      throw PipelineError.usage("--length is \(length), but this model sees no more than \(sight) bytes")
    }
    let window = model.window(style, seeing: before.suffix(room), isWhole: before.count <= room)
    let drawing = TextDrawing(
      model: model, prompt: [], style: style, length: length, choice: TokenChoice(), seed: noise.seed)
    var (middle, candidates): ([UInt8], [Candidate]) = ([], [])
    try drawing.drawn(from: window, noise: noise, length: length) { character in
      middle += character
      let mark = window.mark
      candidates.append(Candidate(middle: middle[...], weight: window.read(weighed).reduce(0, +)))
      window.rewind(to: mark)
    }
    return candidates
  }
}
