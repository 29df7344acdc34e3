/// A scene as a choice in each of a few lists, for networks that look at pictures.
///
/// `a` is the table, the objects of a group, the first of a pair or the large one in the middle; `b` are the chairs, the
/// second of a pair or the small ones around.
enum SceneAttributes {
  /// How many choices each list has, in the order of a network's scores.
  static let sizes = [
    SceneKind.allCases.count, SceneBackground.allCases.count, 9, SceneColour.allCases.count,
    SceneShape.allCases.count + SceneTable.Shape.allCases.count, SceneColour.allCases.count,
    SceneShape.allCases.count, SceneArrangement.allCases.count,
  ]

  private enum Place: Int { case kind, background, count, colourA, shapeA, colourB, shapeB, arrangement }

  /// The choice of each list; nil where the scene leaves none.
  static func choices(of scene: Scene) -> [Int?] {
    var choices = [Int?](repeating: nil, count: sizes.count)
    func set(_ place: Place, _ value: Int?) { choices[place.rawValue] = value }
    set(.kind, place(of: scene.subject.kind))
    set(.background, place(of: scene.background))
    func set(a object: SceneObject) {
      set(.colourA, place(of: object.colour))
      set(.shapeA, place(of: object.shape))
    }
    func set(b object: SceneObject) {
      set(.colourB, place(of: object.colour))
      set(.shapeB, place(of: object.shape))
    }
    switch scene.subject {
    case .table(let table):
      set(.colourA, place(of: table.colour))
      set(.shapeA, place(of: table.shape).map { $0 + SceneShape.allCases.count })
      set(.count, table.chairs)
      if table.chairs > 0 { set(.colourB, place(of: table.chairColour)) }
    case .group(let count, let object):
      set(.count, count)
      set(a: object)
    case .pair(let first, let arrangement, let second):
      set(a: first)
      set(b: second)
      set(.arrangement, place(of: arrangement))
    case .around(let count, let small, let large):
      set(.count, count)
      set(a: large)
      set(b: small)
    }
    return choices
  }

  /// The most probable scenes of a kind that the grammar has, as if the lists were independent, the best first.
  /// - Parameter logs: log probabilities of every choice of every list.
  static func scenes(_ logs: [[Double]], kind: SceneKind, most: Int) -> [(scene: Scene, log: Double)] {
    // The best few of each list that the kind has; all of their combinations.
    func best(_ place: Place, _ allowed: Range<Int>, _ count: Int) -> [(Int, Double)] {
      let all = logs[place.rawValue].enumerated().filter { allowed.contains($0.offset) }
      return all.sorted { $0.element > $1.element }.prefix(count).map { ($0.offset, $0.element) }
    }
    func best(_ place: Place, _ count: Int) -> [(Int, Double)] {
      best(place, 0..<sizes[place.rawValue], count)
    }
    var found: [(Scene, Double)] = []
    let shapes = SceneShape.allCases.count
    let kindLog = logs[Place.kind.rawValue][place(of: kind) ?? 0]
    for (background, p0) in best(.background, 2) {
      func add(_ subject: Scene.Subject, _ log: Double) {
        let scene = Scene(subject, background: SceneBackground.allCases[background])
        if scene.isPossible { found.append((scene, kindLog + p0 + log)) }
      }
      for (a, p1) in best(.colourA, 2) {
        let colourA = SceneColour.allCases[a]
        switch kind {
        case .table:
          for (shape, p2) in best(.shapeA, shapes..<sizes[Place.shapeA.rawValue], 2) {
            for (chairs, p3) in best(.count, 0..<9, 3) {
              for (b, p4) in chairs == 0 ? [(place(of: SceneColour.brown) ?? 0, 0)] : best(.colourB, 2) {
                add(
                  .table(
                    SceneTable(
                      colour: colourA, shape: SceneTable.Shape.allCases[shape - shapes], chairs: chairs,
                      chairColour: SceneColour.allCases[b])), p1 + p2 + p3 + p4)
              }
            }
          }
        case .group:
          for (shape, p2) in best(.shapeA, 0..<shapes, 2) {
            for (count, p3) in best(.count, 1..<9, 3) {
              add(
                .group(count: count, object: SceneObject(colourA, SceneShape.allCases[shape])), p1 + p2 + p3)
            }
          }
        case .pair, .around:
          for (shapeA, p2) in best(.shapeA, 0..<shapes, 2) {
            for (b, p3) in best(.colourB, 2) {
              for (shapeB, p4) in best(.shapeB, 2) {
                let (one, other) = (
                  SceneObject(colourA, SceneShape.allCases[shapeA]),
                  SceneObject(SceneColour.allCases[b], SceneShape.allCases[shapeB])
                )
                if kind == .pair {
                  for (arrangement, p5) in best(.arrangement, 2) {
                    add(
                      .pair(first: one, arrangement: SceneArrangement.allCases[arrangement], second: other),
                      p1 + p2 + p3 + p4 + p5)
                  }
                } else {
                  for (count, p5) in best(.count, 3..<9, 3) {
                    add(.around(count: count, small: other, large: one), p1 + p2 + p3 + p4 + p5)
                  }
                }
              }
            }
          }
        }
      }
    }
    return found.sorted { $0.1 > $1.1 }.prefix(most).map { ($0.0, $0.1) }
  }

  private static func place<Value: CaseIterable & Equatable>(of value: Value) -> Int? {
    Value.allCases.enumerated().first { $0.element == value }?.offset
  }
}
