internal import Foundation

/// The words of captions that a model knows, and texts as places among them.
public struct CaptionVocabulary: Sendable {
  /// In the order of a model's weights.
  public let words: [String]
  /// The most words of a text that a model is told.
  public let longest: Int
  private let aliases: [String: String]
  /// Whether a word that is not known may stand for one that is: another number of the same noun, or without its accents.
  private let isLenient: Bool
  private let places: [String: Int]

  /// - Parameter aliases: spellings that mean one of `words`.
  init(_ words: [String], longest: Int, aliases: [String: String] = [:], isLenient: Bool) {
    (self.words, self.longest, self.aliases, self.isLenient) = (words, longest, aliases, isLenient)
    places = Dictionary(words.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// A text as a model is told it.
  public struct Tokens: Sendable, Equatable {
    /// Places of the known words, at most `longest`.
    public var indices: [Int]
    /// The other words, each once, in their order.
    public var unknown: [String]
    /// Known words that were left out at the end, for there were too many.
    public var leftOut: Int
  }

  /// The words of a text: lower case, without punctuation. Any text has an answer, which may be no index at all.
  public func tokens(_ text: String) -> Tokens {
    var tokens = Tokens(indices: [], unknown: [], leftOut: 0)
    var named: Set<String> = []
    for word in split(text) {
      if let place = place(of: word) {
        if tokens.indices.count < longest { tokens.indices.append(place) } else { tokens.leftOut += 1 }
      } else if named.insert(word).inserted {
        tokens.unknown.append(word)
      }
    }
    return tokens
  }

  /// Runs of letters and digits in lower case, known spellings instead of others.
  func split(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map { aliases[String($0)] ?? String($0) }
  }

  func isKnown(_ word: String) -> Bool { places[word] != nil }

  private func place(of word: String) -> Int? {
    if let place = places[word] { return place }
    guard isLenient else { return nil }
    let plain = word.folding(options: .diacriticInsensitive, locale: nil)
    let others =
      [plain, plain + "s"] + ["s", "es"].filter(plain.hasSuffix).map { String(plain.dropLast($0.count)) }
    return others.lazy.compactMap { places[$0] }.first
  }
}
