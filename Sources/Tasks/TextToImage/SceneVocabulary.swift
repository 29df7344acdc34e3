internal import Foundation

/// The words of captions, and texts as indices of them.
public enum SceneVocabulary {
  /// Every word that a caption may have, sorted. Weights depend on the order: one word more or less, and they mean others.
  public static let words: [String] = {
    var words = Set(numbers.dropFirst()).union(numbers.indices.map(String.init))
    words.formUnion(SceneColour.allCases.map(\.rawValue))
    for background in SceneBackground.allCases {
      words.formUnion(background.rawValue.split(separator: " ").map(String.init))
    }
    for noun in SceneShape.allCases.map(\.rawValue) + ["shape", "chair"] {
      words.formUnion([noun, noun + "s"])
    }
    words.formUnion(SceneTable.Shape.allCases.map(\.rawValue))
    for phrase in [
      "a an the table wooden no without any small little large big group",
      "with and at around surrounded by it of in on to left right above over below under beneath top bottom",
      "picture image drawing shows there is are against front background",
    ] {
      words.formUnion(phrase.split(separator: " ").map(String.init))
    }
    return words.sorted()
  }()

  /// The most words of a text that a model is told; no caption has more.
  public static let longestText = 24

  /// English for 0...8.
  static let numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"]

  /// Words that mean one of `words`.
  private static let aliases = [
    "gray": "grey", "violet": "purple", "circular": "round", "rectangular": "long", "zero": "0", "none": "no",
    "disc": "circle", "discs": "circles", "disk": "circle", "disks": "circles", "seat": "chair",
    "seats": "chairs", "underneath": "beneath", "photo": "picture", "object": "shape", "objects": "shapes",
  ]

  private static let places = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })

  /// A text as a model is told it.
  public struct Tokens: Sendable, Equatable {
    /// Places in `words` of the known words, at most `longestText`.
    public var indices: [Int]
    /// The other words, each once, in their order.
    public var unknown: [String]
    /// Known words that were left out at the end, for there were too many.
    public var leftOut: Int
  }

  /// The words of a text: lower case, without punctuation. Any text has an answer, which may be no index at all.
  public static func tokens(_ text: String) -> Tokens {
    var tokens = Tokens(indices: [], unknown: [], leftOut: 0)
    var named: Set<String> = []
    for word in split(text) {
      if let place = places[word] {
        if tokens.indices.count < longestText { tokens.indices.append(place) } else { tokens.leftOut += 1 }
      } else if named.insert(word).inserted {
        tokens.unknown.append(word)
      }
    }
    return tokens
  }

  /// Runs of letters and digits in lower case, known spellings instead of others.
  static func split(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map { aliases[String($0)] ?? String($0) }
  }

  static func isKnown(_ word: String) -> Bool { places[word] != nil }
}
