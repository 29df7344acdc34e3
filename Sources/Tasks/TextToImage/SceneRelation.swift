/// How what was said first stands to what is said next.
enum SceneRelation {
  case alone
  case with, without, and, at
  case around, surroundedBy
  /// The first is left of, or above, the second if `isForward`.
  case placed(SceneArrangement, isForward: Bool)
  /// Likewise, where the place of each is said after it: "… on the left and … on the right".
  case placedApart(SceneArrangement, isForward: Bool)

  init(_ reader: inout SceneWords) {
    _ = reader.takeAny(of: ["is", "are"])
    self =
      if reader.isAtEnd {
        .alone
      } else if reader.takeAny(of: ["without any", "without"]) {
        .without
      } else if reader.take("with") {
        .with
      } else if reader.take("surrounded by") {
        .surroundedBy
      } else if reader.take("around") {
        .around
      } else if reader.takeAny(of: ["to the left of", "on the left of", "left of"]) {
        .placed(.leftOf, isForward: true)
      } else if reader.takeAny(of: ["to the right of", "on the right of", "right of"]) {
        .placed(.leftOf, isForward: false)
      } else if reader.takeAny(of: ["above", "over", "on top of"]) {
        .placed(.above, isForward: true)
      } else if reader.takeAny(of: ["below", "under", "beneath"]) {
        .placed(.above, isForward: false)
      } else if let (arrangement, isFirst) = Self.place(&reader) {
        .placedApart(arrangement, isForward: isFirst)
      } else if reader.take("and") {
        .and
      } else if reader.take("at") {
        .at
      } else {
        .alone
      }
  }

  /// "on the left", "at the bottom": which arrangement, and whether it is the place of the first.
  private static func place(_ reader: inout SceneWords) -> (SceneArrangement, isFirst: Bool)? {
    if reader.take("on the left") { return (.leftOf, true) }
    if reader.take("on the right") { return (.leftOf, false) }
    if reader.takeAny(of: ["at the top", "on the top"]) { return (.above, true) }
    if reader.takeAny(of: ["at the bottom", "on the bottom"]) { return (.above, false) }
    return nil
  }

  /// The subject that the first phrase makes together with what comes next.
  /// - Throws: `SceneParsingError` for what does not go together.
  func subject(
    _ first: SceneNounPhrase, _ reader: inout SceneWords
  ) throws(SceneParsingError) -> SceneDescription.Subject {
    switch self {
    case .alone:
      switch first.noun {
      case .table: return try Self.table(first, chairs: 0, nil)
      case .shape: return .group(count: first.count, object: first.object)
      case .chair: throw SceneParsingError("chairs without a table; 'chairs around a table' would be right")
      }
    case .without:
      let second = try SceneNounPhrase(&reader)
      guard first.noun == .table, second.noun == .chair else {
        throw SceneParsingError("'without' is said of a table and its chairs only")
      }
      return try Self.table(first, chairs: 0, nil)
    case .with, .surroundedBy:
      let second = try SceneNounPhrase(&reader)
      _ = reader.take("around it")
      return try Self.around(outer: second, inner: first)
    case .around:
      return try Self.around(outer: first, inner: SceneNounPhrase(&reader))
    case .and, .at:
      let second = try SceneNounPhrase(&reader)
      guard first.noun == .table || second.noun == .table else {
        throw SceneParsingError(
          "how the shapes lie is not said; left of, right of, above, below or around would be right")
      }
      return try first.noun == .table
        ? Self.around(outer: second, inner: first) : Self.around(outer: first, inner: second)
    case .placed(let arrangement, let isForward):
      return try Self.pair(first, SceneNounPhrase(&reader), arrangement, isForward)
    case .placedApart(let arrangement, let isForward):
      guard reader.take("and") else {
        throw SceneParsingError("where one thing lies is said, but not what is at the other side")
      }
      let second = try SceneNounPhrase(&reader)
      guard let (other, isFirst) = Self.place(&reader), other == arrangement, isFirst != isForward else {
        throw SceneParsingError("the two things are not said to be at opposite sides")
      }
      return try Self.pair(first, second, arrangement, isForward)
    }
  }

  private static func table(
    _ table: SceneNounPhrase, chairs: Int?, _ chairColour: SceneColour?
  ) throws(SceneParsingError) -> SceneDescription.Subject {
    try checkSingle(table)
    return .table(
      colour: table.colour, shape: table.tableShape, chairs: chairs,
      chairColour: chairs == 0 ? nil : chairColour)
  }

  private static func around(
    outer: SceneNounPhrase, inner: SceneNounPhrase
  ) throws(SceneParsingError) -> SceneDescription.Subject {
    switch (outer.noun, inner.noun) {
    case (.chair, .table): return try table(inner, chairs: outer.count, outer.colour)
    case (.shape, .shape):
      try checkSingle(inner)
      return .around(count: outer.count, small: outer.object, large: inner.object)
    default:
      throw SceneParsingError("only chairs go with tables, and only shapes with shapes")
    }
  }

  private static func pair(
    _ first: SceneNounPhrase, _ second: SceneNounPhrase, _ arrangement: SceneArrangement, _ isForward: Bool
  ) throws(SceneParsingError) -> SceneDescription.Subject {
    for phrase in [first, second] {
      guard case .shape = phrase.noun else {
        throw SceneParsingError("only shapes lie left of, right of, above or below one another")
      }
      try checkSingle(phrase)
    }
    let (a, b) = isForward ? (first.object, second.object) : (second.object, first.object)
    return .pair(first: a, arrangement: arrangement, second: b)
  }

  private static func checkSingle(_ phrase: SceneNounPhrase) throws(SceneParsingError) {
    guard phrase.count == 1 else {
      throw SceneParsingError("one table, or one object in each place but around another, would be right")
    }
  }
}
