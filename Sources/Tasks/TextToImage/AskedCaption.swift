internal import Foundation
internal import PipelineCore
internal import Torch

/// A caption as a model is told it, and what has to be said about that.
struct AskedCaption: Sendable, Equatable {
  let text: String
  /// Places in the vocabulary.
  let words: [Int]
  /// A line for each thing that the model cannot know, or does not do.
  let notices: [String]

  /// - Parameter isWhole: whether it should be a whole caption; a negative one may name a thing alone.
  init(_ text: String, isWhole: Bool = true) {
    self.text = text
    let tokens = SceneVocabulary.tokens(text)
    words = tokens.indices
    var notices: [String] = []
    let shown = SceneWords.quoted(text.split(whereSeparator: \.isWhitespace).map(String.init))
    if tokens.indices.isEmpty {
      notices.append("no word of \(shown) is known; what is drawn has nothing to do with it")
    } else {
      if !tokens.unknown.isEmpty {
        notices.append(
          "\(shown) has words that are not known and left out: \(SceneWords.quoted(tokens.unknown))")
      }
      if tokens.leftOut > 0 {
        notices.append(
          "\(shown) has \(tokens.leftOut) words more than the \(SceneVocabulary.longestText) that can be told; they are left out"
        )
      }
      do { if isWhole { _ = try SceneParser.parse(text) } } catch {
        notices.append("\(shown) is not of what was learned: \(error)")
      }
    }
    self.notices = notices
  }

  /// A caption that is drawn from P(caption), where none is given.
  init(drawn noise: KeyedNoise) {
    self.init(SceneCaptions.canonical(SceneGrammar.draw(noise)))
  }

  /// The captions of a text, one a line; nil where it has none.
  static func lines(of text: String) -> [String]? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    return lines.isEmpty ? nil : lines
  }
}
