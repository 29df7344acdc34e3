/// Puts descriptions into words: at random, or always the first of several ways.
struct SceneWording {
  private var cursor: NoiseCursor?

  /// - Parameter cursor: chooses the words; nil for the first of each.
  init(_ cursor: NoiseCursor?) { self.cursor = cursor }

  mutating func text(_ description: SceneDescription) -> String {
    let (subject, isPlural) =
      switch description.subject {
      case .table(let colour, let shape, let chairs, let chairColour):
        table(colour, shape, chairs, chairColour)
      case .group(let count, let object): group(count, object)
      case .pair(let first, let arrangement, let second): (pair(first, arrangement, second), false)
      case .around(let count, let small, let large): around(count, small, large)
      }
    let opening = pick(
      [
        "", "", "", "", "there \(isPlural ? "are" : "is") ", "a picture of ", "an image of ", "a drawing of ",
        "the picture shows ",
      ])
    guard let background = description.background else { return opening + subject }
    let place = pick(["on", "on", "against", "in front of"]) + " \(article(background.rawValue)) background"
    let isStatement = opening.isEmpty || opening.hasPrefix("there")
    return pick([false, false, false, isStatement])
      ? "\(place) \(opening)\(subject)" : "\(opening)\(subject) \(place)"
  }

  // MARK: Subjects, and whether they begin with a plural

  private mutating func table(
    _ colour: SceneColour?, _ shape: SceneTable.Shape?, _ chairs: Int?, _ chairColour: SceneColour?
  ) -> (String, Bool) {
    var adjectives = [shape?.rawValue, colour?.rawValue].compactMap { $0 }
    if pick([false, true]) { adjectives.reverse() }
    let table = article((adjectives + ["table"]).joined(separator: " "))
    if chairs == 0 {
      return (
        pick([
          table, "\(table) without chairs", "\(table) with no chairs", "\(table) without any chairs",
          "\(table) with 0 chairs",
        ]), false
      )
    }
    let chair = chairColour.map { $0 == .brown ? pick(["brown", "wooden"]) : $0.rawValue }
    let seats = counted(chairs, [chair].compactMap { $0 }, "chair")
    let ways =
      [("\(table) with \(seats)", false), ("\(seats) at \(table)", true), ("\(table) and \(seats)", false)]
      + (chairs == 1 ? [] : [("\(seats) around \(table)", true), ("\(table) surrounded by \(seats)", false)])
    let (text, isFirst) = pick(ways)
    return (text, isFirst && chairs != 1)
  }

  private mutating func group(_ count: Int?, _ object: SceneDescription.Object) -> (String, Bool) {
    let objects = counted(count, adjectives(object), noun(object))
    guard count != 1 else { return (objects, false) }
    return pick([(objects, true), (objects, true), ("a group of \(objects)", false)])
  }

  private mutating func pair(
    _ first: SceneDescription.Object, _ arrangement: SceneArrangement, _ second: SceneDescription.Object
  ) -> String {
    let (a, b) = (
      counted(1, adjectives(first), noun(first)), counted(1, adjectives(second), noun(second))
    )
    switch arrangement {
    case .leftOf:
      return pick([
        "\(a) to the left of \(b)", "\(a) \(pick(["left of", "on the left of"])) \(b)",
        "\(b) to the right of \(a)", "\(b) \(pick(["right of", "on the right of"])) \(a)",
        pick(["\(a) on the left and \(b) on the right", "\(b) on the right and \(a) on the left"]),
      ])
    case .above:
      return pick([
        "\(a) above \(b)", "\(a) \(pick(["above", "over"])) \(b)", "\(b) below \(a)",
        "\(b) \(pick(["under", "beneath"])) \(a)",
        pick(["\(a) at the top and \(b) at the bottom", "\(b) at the bottom and \(a) at the top"]),
      ])
    }
  }

  private mutating func around(
    _ count: Int?, _ small: SceneDescription.Object, _ large: SceneDescription.Object
  ) -> (String, Bool) {
    let smallSize = pick(["small", "little", nil])
    let largeSize = pick(["large", "big", nil])
    let ring = counted(count, [smallSize].compactMap { $0 } + adjectives(small), noun(small))
    let middle = counted(1, [largeSize].compactMap { $0 } + adjectives(large), noun(large))
    return pick([
      ("\(ring) around \(middle)", true), ("\(middle) surrounded by \(ring)", false),
      ("\(middle) with \(ring) around it", false),
    ])
  }

  // MARK: Words

  private func adjectives(_ object: SceneDescription.Object) -> [String] {
    [object.colour?.rawValue].compactMap { $0 }
  }

  private func noun(_ object: SceneDescription.Object) -> String { object.shape?.rawValue ?? "shape" }

  /// `a red circle`, `3 red circles`, `red circles`.
  private mutating func counted(_ count: Int?, _ adjectives: [String], _ noun: String) -> String {
    let phrase = (adjectives + [noun]).joined(separator: " ")
    guard let count else { return phrase + "s" }
    if count == 1 {
      return pick([article(phrase), article(phrase), article(phrase), "one \(phrase)", "1 \(phrase)"])
    }
    return pick(["\(count)", SceneVocabulary.numbers[count]]) + " \(phrase)s"
  }

  private func article(_ phrase: String) -> String {
    (phrase.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + phrase
  }

  private mutating func pick<Way>(_ ways: [Way]) -> Way { cursor?.pick(ways) ?? ways[0] }
}
