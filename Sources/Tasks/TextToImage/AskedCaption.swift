internal import Foundation
internal import PipelineCore
internal import Torch

/// A caption as a model is told it, and what has to be said about that.
struct AskedCaption: Sendable, Equatable {
  let text: String
  /// Places in the vocabulary.
  let words: [Int]
  /// What it says of a scene; nil where it is not of the grammar of scenes, or need not be.
  let says: SceneDescription?
  /// A line for each thing that the model cannot know, or does not do.
  let notices: [String]

  /// - Parameters:
  ///   - model: that is told it.
  ///   - isWhole: whether it should be a whole caption; a negative one may name a thing alone.
  init(_ text: String, for model: CaptionModel.Description, isWhole: Bool = true) {
    self.init(text, model.vocabulary, isOfScenes: model.isOfScenes && isWhole)
  }

  /// - Parameter isOfScenes: whether it should be of the grammar of scenes.
  init(_ text: String, _ vocabulary: CaptionVocabulary = SceneVocabulary.known, isOfScenes: Bool = true) {
    self.text = text
    let tokens = vocabulary.tokens(text)
    words = tokens.indices
    var notices: [String] = []
    var says: SceneDescription?
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
          "\(shown) has \(tokens.leftOut) words more than the \(vocabulary.longest) that can be told; they are left out"
        )
      }
      do { if isOfScenes { says = try SceneParser.parse(text) } } catch {
        notices.append("\(shown) is not of what was learned: \(error)")
      }
    }
    (self.notices, self.says) = (notices, says)
  }

  /// A caption that is drawn from P(caption), where none is given.
  /// - Parameter known: to choose from; nil for the grammar of scenes.
  static func drawn(_ noise: KeyedNoise, of known: [String]?) -> String {
    guard let known else { return SceneCaptions.canonical(SceneGrammar.draw(noise)) }
    return known[noise.integers(below: known.count, count: 1)[0]]
  }

  /// The captions of a text, one a line; nil where it has none.
  static func lines(of text: String) -> [String]? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    return lines.isEmpty ? nil : lines
  }
}
