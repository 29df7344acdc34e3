/// What of a caption a picture shows; nil for what the caption leaves open, or where something else is shown.
struct SceneVerdict: Sendable {
  let kind: SceneKind
  let isRight: Bool
  let isKindRight: Bool
  private(set) var count: Bool?
  private(set) var colours: Bool?
  private(set) var shapes: Bool?
  private(set) var relation: Bool?

  init(_ says: SceneDescription, _ seen: Scene) {
    kind = says.kind
    isRight = says.matches(seen)
    isKindRight = says.kind == seen.subject.kind
    func same<Value: Equatable>(_ pairs: [(Value?, Value)]) -> Bool? {
      let said = pairs.filter { $0.0 != nil }
      return said.isEmpty ? nil : said.allSatisfy { $0.0 == $0.1 }
    }
    switch (says.subject, seen.subject) {
    case (.table(let colour, let shape, let chairs, let chairColour), .table(let table)):
      count = same([(chairs, table.chairs)])
      colours = same([(colour, table.colour)] + (table.chairs > 0 ? [(chairColour, table.chairColour)] : []))
      shapes = same([(shape, table.shape)])
    case (.group(let number, let object), .group(let other, let found)):
      count = same([(number, other)])
      colours = same([(object.colour, found.colour)])
      shapes = same([(object.shape, found.shape)])
    case (.pair(let first, let arrangement, let second), .pair(let a, let other, let b)):
      // The same two the other way round are a wrong relation, not wrong objects.
      let swapped = first.matches(b) && second.matches(a) && !(first.matches(a) && second.matches(b))
      let (x, y) = swapped ? (b, a) : (a, b)
      colours = same([(first.colour, x.colour), (second.colour, y.colour)])
      shapes = same([(first.shape, x.shape), (second.shape, y.shape)])
      relation = arrangement == other && !swapped
    case (.around(let number, let small, let large), .around(let other, let ring, let middle)):
      count = same([(number, other)])
      colours = same([(small.colour, ring.colour), (large.colour, middle.colour)])
      shapes = same([(small.shape, ring.shape), (large.shape, middle.shape)])
    default: break
    }
  }
}
