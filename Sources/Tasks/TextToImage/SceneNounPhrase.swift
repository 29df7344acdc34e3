/// A noun with what is said of it: `six small red circles`.
struct SceneNounPhrase: Equatable {
  enum Noun: Equatable {
    case table, chair
    /// Nil for a shape that is not said.
    case shape(SceneShape?)
  }

  /// Nil for a plural without a number.
  private(set) var count: Int?
  private(set) var colour: SceneColour?
  private(set) var tableShape: SceneTable.Shape?
  let noun: Noun

  var object: SceneDescription.Object {
    if case .shape(let shape) = noun { return .init(colour: colour, shape: shape) }
    return .init(colour: colour)
  }

  /// Reads the phrase that comes next.
  /// - Throws: `SceneParsingError` that quotes what is there instead.
  init(_ reader: inout SceneWords) throws(SceneParsingError) {
    let start = reader.at
    _ = reader.takeAny(of: ["a group of", "group of"])
    count = Self.determiner(&reader)
    while let adjective = Self.adjective(reader) {
      switch adjective {
      case .colour(let said):
        guard colour == nil || colour == said else {
          throw SceneParsingError("\(reader.quoted(from: start)) has two colours; one would be right")
        }
        colour = said
      case .table(let said): tableShape = said
      case .size: break
      }
      reader.skip()
    }
    guard let (noun, isPlural) = Self.noun(reader.next) else {
      if let ground = SceneBackground(rawValue: reader.next), SceneColour(rawValue: reader.next) == nil {
        let known = SceneColour.allCases.map(\.rawValue).joined(separator: ", ")
        throw SceneParsingError("no thing is \(ground.rawValue); one of \(known) would be right")
      }
      throw SceneParsingError(
        (reader.at == start && !reader.isAtEnd
          ? "at \(reader.quoted(from: start))" : "after \(reader.quoted(from: start))")
          + " a table, chairs or shapes were expected, such as 'six chairs'")
    }
    self.noun = noun
    if count == nil, !isPlural { count = 1 }
    reader.skip()
    if let tableShape, noun != .table {
      throw SceneParsingError("'\(tableShape.rawValue)' is said of tables only")
    }
  }

  /// The number that a word means, in figures or English up to twenty.
  static func number(_ word: String) -> Int? {
    if word.allSatisfy({ $0.isASCII && $0.isNumber }) { return Int(word) ?? .max }
    let more = [
      "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
      "eighteen",
      "nineteen", "twenty",
    ]
    return (SceneVocabulary.numbers + more).firstIndex(of: word)
  }

  private static func determiner(_ reader: inout SceneWords) -> Int? {
    var count: Int?
    while !reader.isAtEnd {
      if let number = number(reader.next) {
        count = number
      } else if ["a", "an"].contains(reader.next) {
        count = 1
      } else if reader.next == "no" {
        count = 0
      } else if !["the", "any"].contains(reader.next) {
        break
      }
      reader.skip()
    }
    return count
  }

  private enum Adjective {
    case colour(SceneColour), table(SceneTable.Shape), size
  }

  private static func adjective(_ reader: SceneWords) -> Adjective? {
    let word = reader.next
    if let colour = SceneColour(rawValue: word) { return .colour(colour) }
    if word == "wooden" { return .colour(.brown) }
    if ["small", "little", "large", "big"].contains(word) { return .size }
    guard let shape = SceneTable.Shape(rawValue: word) else { return nil }
    if shape != .square { return .table(shape) }
    // "a square black table", but "a square above a table".
    let noun = reader.rest.dropFirst().first { SceneColour(rawValue: $0) == nil && $0 != "wooden" }
    return noun == "table" ? .table(.square) : nil
  }

  private static func noun(_ word: String) -> (Noun, isPlural: Bool)? {
    let isPlural = word.hasSuffix("s")
    switch isPlural ? String(word.dropLast()) : word {
    case "table": return (.table, isPlural)
    case "chair": return (.chair, isPlural)
    case "shape": return (.shape(nil), isPlural)
    case let name: return SceneShape(rawValue: name).map { (.shape($0), isPlural) }
    }
  }
}
