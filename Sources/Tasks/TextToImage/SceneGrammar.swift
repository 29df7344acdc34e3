public import Torch

/// P(scene): which scenes there are, and how often they come.
///
/// The kind comes first; within a kind every attribute is uniform and independent, save that half of the chairs are brown
/// and that neither the objects of a pair nor the small and the large one are alike. The background is uniform over those
/// before which everything can be seen.
public enum SceneGrammar {
  /// The probability of a kind.
  public static func probability(of kind: SceneKind) -> Double {
    switch kind {
    case .table: 0.35
    case .group: 0.3
    case .pair: 0.2
    case .around: 0.15
    }
  }

  /// The probability of a possible subject, whatever is behind it; held-out ones are counted in.
  public static func probability(of subject: Scene.Subject) -> Double {
    let colours = Double(SceneColour.allCases.count)
    let objects = Double(SceneObject.all.count)
    let within: Double =
      switch subject {
      case .table(let table):
        1 / colours / Double(SceneTable.Shape.allCases.count) / Double(SceneTable.chairCounts.count)
          * (table.chairs == 0 ? 1 : table.chairColour == .brown ? 0.5 : 0.5 / (colours - 1))
      case .group: 1 / Double(SceneKind.groupCounts.count) / objects
      case .pair: 1 / Double(SceneArrangement.allCases.count) / objects / (objects - 1)
      case .around: 1 / Double(SceneKind.aroundCounts.count) / objects / (objects - 1)
      }
    return probability(of: subject.kind) * within
  }

  /// The probability of a scene; 0 for one that the grammar does not have.
  public static func probability(of scene: Scene) -> Double {
    guard scene.isPossible else { return 0 }
    return probability(of: scene.subject) / Double(SceneBackground.showing(scene.subject.colours).count)
  }

  /// Every subject of a kind, once: 2,430 tables, 400 groups, 4,900 pairs, 14,700 of `around`.
  public static func subjects(of kind: SceneKind) -> [Scene.Subject] {
    let objects = SceneObject.all
    let pairs = objects.flatMap { first in objects.filter { $0 != first }.map { (first, $0) } }
    switch kind {
    case .table:
      return SceneColour.allCases.flatMap { colour in
        SceneTable.Shape.allCases.flatMap { shape in
          SceneTable.chairCounts.flatMap { chairs in
            (chairs == 0 ? [.brown] : SceneColour.allCases).map { chairColour in
              .table(SceneTable(colour: colour, shape: shape, chairs: chairs, chairColour: chairColour))
            }
          }
        }
      }
    case .group:
      return SceneKind.groupCounts.flatMap { count in objects.map { .group(count: count, object: $0) } }
    case .pair:
      return SceneArrangement.allCases.flatMap { arrangement in
        pairs.map { .pair(first: $0, arrangement: arrangement, second: $1) }
      }
    case .around:
      return SceneKind.aroundCounts.flatMap { count in
        pairs.map { .around(count: count, small: $0, large: $1) }
      }
    }
  }

  /// Draws from P(scene), held-out ones included.
  ///
  /// The same noise may be given to the grammar, the renderer and the captions: each draws from a stream of its own.
  public static func draw(_ noise: KeyedNoise) -> Scene {
    draw(noise) { _ in true }
  }

  /// Draws from P(scene | seen in training).
  public static func drawTraining(_ noise: KeyedNoise) -> Scene {
    draw(noise) { !isHeldOut($0) }
  }

  /// Draws from P(scene | held out).
  public static func heldOut(_ noise: KeyedNoise) -> Scene {
    draw(noise, isWanted: isHeldOut)
  }

  private static func draw(_ noise: KeyedNoise, isWanted: (Scene.Subject) -> Bool) -> Scene {
    var cursor = NoiseCursor(noise, for: "scene")
    var subject = subject(&cursor)
    while !isWanted(subject) { subject = self.subject(&cursor) }
    return Scene(subject, background: cursor.pick(SceneBackground.showing(subject.colours)))
  }

  private static func subject(_ cursor: inout NoiseCursor) -> Scene.Subject {
    func count(_ range: ClosedRange<Int>) -> Int { range.lowerBound + cursor.integer(below: range.count) }
    func twoObjects() -> (SceneObject, SceneObject) {
      let first = cursor.integer(below: SceneObject.all.count)
      let second = cursor.integer(below: SceneObject.all.count - 1)
      return (SceneObject.all[first], SceneObject.all[second < first ? second : second + 1])
    }
    switch kind(cursor.uniform()) {
    case .table:
      return .table(
        SceneTable(
          colour: cursor.pick(SceneColour.allCases), shape: cursor.pick(SceneTable.Shape.allCases),
          chairs: count(SceneTable.chairCounts),
          chairColour: cursor.chance(0.5) ? .brown : cursor.pick(SceneColour.allCases.filter { $0 != .brown })
        ))
    case .group:
      return .group(count: count(SceneKind.groupCounts), object: cursor.pick(SceneObject.all))
    case .pair:
      let (first, second) = twoObjects()
      return .pair(
        first: first, arrangement: cursor.pick(SceneArrangement.allCases), second: second)
    case .around:
      let (small, large) = twoObjects()
      return .around(count: count(SceneKind.aroundCounts), small: small, large: large)
    }
  }

  private static func kind(_ uniform: Float) -> SceneKind {
    var left = Double(uniform)
    for kind in SceneKind.allCases {
      left -= probability(of: kind)
      if left < 0 { return kind }
    }
    return .around
  }
}
