/// Words that are read one after another.
struct SceneWords {
  private let words: [String]
  private(set) var at = 0

  init(_ words: [String]) { self.words = words }

  var isAtEnd: Bool { at == words.count }

  /// The next word; empty at the end.
  var next: String { isAtEnd ? "" : words[at] }

  /// The words from the next one on.
  var rest: ArraySlice<String> { words[at...] }

  mutating func skip() { at += 1 }

  /// Goes past a phrase if it comes next.
  mutating func take(_ phrase: String) -> Bool {
    let wanted = phrase.split(separator: " ")
    guard rest.count >= wanted.count, zip(rest, wanted).allSatisfy({ $0 == $1 }) else { return false }
    at += wanted.count
    return true
  }

  /// Goes past the first of the phrases that comes next.
  mutating func takeAny(of phrases: [String]) -> Bool { phrases.contains { take($0) } }

  /// The words from a place to the next one, for messages.
  func quoted(from start: Int) -> String { Self.quoted(Array(words[start..<min(words.count, at + 1)])) }

  /// The first words, for messages: a text may be long, and so may a word.
  static func quoted(_ words: [String]) -> String {
    let shown = words.prefix(8).map { $0.count > 24 ? "\($0.prefix(24))…" : $0 }.joined(separator: " ")
    return words.count > 8 ? "'\(shown) …'" : "'\(shown)'"
  }
}
