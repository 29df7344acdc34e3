internal import Families
internal import ModelEvaluation
internal import PipelineCore
internal import TorchNN

/// What a model of text is made of and for; stored beside its weights.
struct TextDescription: StoredDescription, Sendable, Equatable {
  static let (architecture, modelPhrase) = ("text-synth", "a model of text-synth")

  /// How well held-out pieces of one length are explained: nats a byte, of each style.
  struct Explained: Codable, Sendable, Equatable {
    /// Bytes of a piece.
    var length: Int
    /// In the order of the styles.
    var typicality: [Typicality]
  }

  var styles: [String]
  var network: CausalTransformer.Configuration
  /// The shorter pieces first; empty for a model that calls nothing strange.
  var explained: [Explained]

  var isPlausible: Bool {
    (1...1000).contains(styles.count) && Set(styles).count == styles.count && network.isPlausible
      && network.vocabulary == ByteFamily.tokens && network.outputs == ByteFamily.bytes
      && network.condition == styles.count && network.length % 2 == 0
      && explained.allSatisfy { entry in
        entry.length > 0 && entry.typicality.count == styles.count
          && entry.typicality.allSatisfy(\.isPlausible)
      } && zip(explained, explained.dropFirst()).allSatisfy { $0.length < $1.length }
  }
}

extension TextDescription {
  /// How usual a text is for the style that it is most probably of: the share of held-out pieces of that style, of about its
  /// length, that are explained no better. nil for a text that is shorter than those pieces.
  func typicality(of score: TextScore, bytes: Int) -> Double? {
    guard let entry = explained.last(where: { $0.length <= bytes }),
      let best = score.logDensities.indices.max(by: { score.logDensities[$0] < score.logDensities[$1] })
    else { return nil }
    return entry.typicality[best](score.logDensities[best] / Double(bytes))
  }
}
