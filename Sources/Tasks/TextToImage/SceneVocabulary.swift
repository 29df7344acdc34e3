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

  /// As models of scenes know it.
  public static let known = CaptionVocabulary(
    words, longest: longestText, aliases: aliases, isLenient: false)

  /// A text as a model of scenes is told it.
  public static func tokens(_ text: String) -> CaptionVocabulary.Tokens { known.tokens(text) }

  static func split(_ text: String) -> [String] { known.split(text) }

  static func isKnown(_ word: String) -> Bool { known.isKnown(word) }
}
