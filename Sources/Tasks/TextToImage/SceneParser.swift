/// Why a text describes no scene, in one line that says what would be right.
public struct SceneParsingError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Reads texts back into descriptions of scenes.
///
/// Words outside of the vocabulary are passed over, as a model passes them over; `SceneVocabulary.tokens` names them.
public enum SceneParser {
  /// What a text says of a scene: of captions, exactly what they say.
  ///
  /// A table of which no chair is mentioned has none, and "a red circle" is one; "red circles" leaves their number open.
  /// - Throws: `SceneParsingError` for texts that say nothing, more than one thing, or what the grammar does not have.
  public static func parse(_ text: String) throws(SceneParsingError) -> SceneDescription {
    let all = SceneVocabulary.split(text)
    guard !all.isEmpty else { throw SceneParsingError("nothing is said; \(example) would be right") }
    var words = all.filter { SceneVocabulary.isKnown($0) || SceneNounPhrase.number($0) != nil }
    guard !words.isEmpty else {
      throw SceneParsingError("no word of \(SceneWords.quoted(all)) is known; \(example) would be right")
    }
    let background = try takeBackground(from: &words)
    var reader = SceneWords(words)
    while reader.takeAny(of: openings) {}
    let first = try SceneNounPhrase(&reader)
    let subject = try SceneRelation(&reader).subject(first, &reader)
    guard reader.isAtEnd else {
      throw SceneParsingError(
        "'\(reader.next)' does not go with what is said before it; one thing at a time would be right")
    }
    let description = SceneDescription(subject, background: background)
    try check(description)
    return description
  }

  private static let example = "such as 'a black table with 6 chairs'"

  private static let openings = [
    "a picture of", "an image of", "a drawing of", "the picture shows", "the image shows", "picture of",
    "image of",
    "drawing of", "there is", "there are", "with",
  ]

  /// Takes "on a light blue background" out of the words, wherever it stands.
  private static func takeBackground(from words: inout [String]) throws(SceneParsingError) -> SceneBackground?
  {
    guard let end = words.firstIndex(of: "background") else { return nil }
    guard end == words.lastIndex(of: "background") else {
      throw SceneParsingError("two backgrounds are asked for; one would be right")
    }
    var start = end
    var found: SceneBackground?
    for length in [2, 1] where found == nil && end >= length {
      found = SceneBackground(rawValue: words[end - length..<end].joined(separator: " "))
      if found != nil { start = end - length }
    }
    if found == nil, end > 0, SceneColour(rawValue: words[end - 1]) != nil {
      let known = SceneBackground.allCases.map(\.rawValue).joined(separator: ", ")
      throw SceneParsingError("no background is \(words[end - 1]); one of \(known) would be right")
    }
    if start > 0, ["a", "an", "the"].contains(words[start - 1]) { start -= 1 }
    if start > 2, words[start - 3..<start] == ["in", "front", "of"] {
      start -= 3
    } else if start > 0, ["on", "against", "with", "and"].contains(words[start - 1]) {
      start -= 1
    }
    words.removeSubrange(start...end)
    return found
  }

  /// - Throws: for what cannot be seen, whatever is chosen for what is left open.
  private static func check(_ description: SceneDescription) throws(SceneParsingError) {
    let colours: [SceneColour?]
    switch description.subject {
    case .table(let colour, _, let chairs, let chairColour):
      try check(chairs, in: SceneTable.chairCounts, "chairs around a table")
      colours = [colour, chairColour]
    case .group(let count, let object):
      try check(count, in: SceneKind.groupCounts, "objects")
      colours = [object.colour]
    case .pair(let first, _, let second):
      try check(first, differsFrom: second)
      colours = [first.colour, second.colour]
    case .around(let count, let small, let large):
      try check(count, in: SceneKind.aroundCounts, "objects around another")
      try check(small, differsFrom: large)
      colours = [small.colour, large.colour]
    }
    if let background = description.background, !background.shows(Set(colours.compactMap { $0 })) {
      throw SceneParsingError(
        "nothing \(background.rawValue) is seen on a \(background.rawValue) background; another one would be right"
      )
    }
  }

  private static func check(
    _ count: Int?, in range: ClosedRange<Int>, _ things: String
  ) throws(SceneParsingError) {
    if let count, !range.contains(count) {
      throw SceneParsingError(
        "\(count) \(things) are asked for; \(range.lowerBound) to \(range.upperBound) would be right")
    }
  }

  private static func check(
    _ first: SceneDescription.Object, differsFrom second: SceneDescription.Object
  ) throws(SceneParsingError) {
    guard first != second || first.colour == nil || first.shape == nil else {
      throw SceneParsingError("the two objects are alike; another colour or shape for one would be right")
    }
  }
}
