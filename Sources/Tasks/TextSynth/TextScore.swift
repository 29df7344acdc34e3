internal import Families
internal import Foundation
internal import PipelineCore
internal import Torch

/// How probable a text is in each style, of any length.
struct TextScore: Sendable {
  /// log P(text | style) in nats, of each style that was asked for.
  let logDensities: [Double]

  /// Bytes that one thread reads without another's help: less would cost more to begin than to read.
  private static let segment = 4096

  /// - Parameter styles: their indices.
  init(_ text: [UInt8], _ model: TextModel, styles: [Int], context: StageContext) throws {
    let segments = (text.count + Self.segment - 1) / Self.segment
    let read = { @Sendable (index: Int) throws -> Double in
      try context.checkCancelled()
      let start = index % segments * Self.segment
      let window = model.window(styles[index / segments], at: start, of: text)
      return window.read(text[start..<min(text.count, start + Self.segment)]).reduce(0, +)
    }
    // A short text is not worth the threads' engine, which takes longer to begin with.
    let parts =
      segments == 1
      ? try styles.indices.map(read)
      : try ChunkRunner(workers: context.workers).map(styles.count * segments, read)
    logDensities = styles.indices.map { parts[$0 * segments..<($0 + 1) * segments].reduce(0, +) }
  }

  /// log Σ P(text | style) P(style), of styles that are as probable before.
  var total: Double { logDensities.logSumExp - log(Double(logDensities.count)) }

  /// P(style | text).
  var posterior: [Double] { logDensities.softmax }
}
