internal import Conditioners
internal import Families
internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// log P(sound | word, voice) of one recording for several of both.
struct SoundScore {
  struct Entry: Sendable {
    let word: Int
    let voice: Int
    /// Of the samples, given the word, the voice and the length.
    var samples: Double
    /// log of the density of the length, in frames.
    var length: Double
    var total: Double { samples + length }
  }

  let entries: [Entry]

  /// Words and voices that are worked on together.
  private static let chunk = 6

  init(_ levels: [UInt8], _ model: WordsModel, words: [Int], voices: [Int], workers: Int) throws {
    let hop = model.hop
    let frames = (levels.count + hop - 1) / hop
    let asked = words.flatMap { word in voices.map { (word, $0) } }
    let row = levels.map(Float.init) + [Float](repeating: -1, count: frames * hop - levels.count)
    let (family, conditioner, chunk) = (model.family, model.conditioner, Self.chunk)
    let parts = try ChunkRunner(workers: workers).map((asked.count + chunk - 1) / chunk) {
      index -> [Double] in
      try Interrupt.check()
      // The last chunk is padded, for kernels are chosen by the batch's size.
      let some = (0..<chunk).map { asked[min(asked.count - 1, index * chunk + $0)] }
      let x = try Tensor((0..<chunk).flatMap { _ in row }, shape: [chunk, row.count])
      let given = try conditioner(some.map { conditioner.frames(word: $0.0, voice: $0.1, count: frames) })
      return try family.logDensity(
        x, known: nil, given: given, noise: BatchNoise(seed: 0, first: 0, count: chunk)
      ).values.elements(Double.self)
    }
    let nats = parts.flatMap { $0 }
    entries = asked.enumerated().map { index, pair in
      let length = model.description.lengths[pair.0][pair.1]
      return Entry(
        word: pair.0, voice: pair.1, samples: nats[index], length: length.logDensity(frames: frames))
    }
  }

  /// log Σ P(x | y) P(y) with all y alike.
  var total: Double { entries.map(\.total).logSumExp - log(Double(entries.count)) }

  /// P(y | x) of each entry, where all y are alike before.
  var posterior: [Double] { entries.map(\.total).softmax }
}
