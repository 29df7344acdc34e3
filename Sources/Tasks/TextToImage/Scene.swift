/// What a picture of the grammar shows: a subject before a plain background.
///
/// Two scenes are equal exactly if they are described alike: what can be said in two ways, such as "left of" and "right
/// of", is one scene.
public struct Scene: Codable, Hashable, Sendable {
  public var background: SceneBackground
  public var subject: Subject

  public init(_ subject: Subject, background: SceneBackground) {
    (self.subject, self.background) = (subject, background)
  }

  public enum Subject: Codable, Hashable, Sendable {
    /// A table from above with chairs around it.
    case table(SceneTable)
    /// 1...8 objects that are alike.
    case group(count: Int, object: SceneObject)
    /// Two different objects; the first is at the left, or above.
    case pair(first: SceneObject, arrangement: SceneArrangement, second: SceneObject)
    /// 3...8 small objects that are alike, around a larger one of another colour or shape.
    case around(count: Int, small: SceneObject, large: SceneObject)
  }

  /// Whether the grammar has it: counts in their ranges, no object of the background's colour, the objects of a pair different.
  public var isPossible: Bool {
    background.shows(subject.colours) && subject.isPossible
  }
}

extension Scene.Subject {
  public var kind: SceneKind {
    switch self {
    case .table: .table
    case .group: .group
    case .pair: .pair
    case .around: .around
    }
  }

  /// The colours of all that is seen.
  public var colours: Set<SceneColour> {
    switch self {
    case .table(let table): table.chairs == 0 ? [table.colour] : [table.colour, table.chairColour]
    case .group(_, let object): [object.colour]
    case .pair(let first, _, let second): [first.colour, second.colour]
    case .around(_, let small, let large): [small.colour, large.colour]
    }
  }

  /// How many things are seen apart from one another, the table and the larger object included.
  public var parts: Int {
    switch self {
    case .table(let table): 1 + table.chairs
    case .group(let count, _): count
    case .pair: 2
    case .around(let count, _, _): count + 1
    }
  }

  var isPossible: Bool {
    switch self {
    case .table(let table):
      SceneTable.chairCounts.contains(table.chairs) && (table.chairs > 0 || table.chairColour == .brown)
    case .group(let count, _): SceneKind.groupCounts.contains(count)
    case .pair(let first, _, let second): first != second
    case .around(let count, let small, let large): SceneKind.aroundCounts.contains(count) && small != large
    }
  }
}

public enum SceneKind: String, Codable, CaseIterable, Sendable {
  case table, group, pair, around

  public static let groupCounts = 1...8
  public static let aroundCounts = 3...8
}

public struct SceneTable: Codable, Hashable, Sendable {
  public enum Shape: String, Codable, CaseIterable, Sendable {
    case round, square
    /// About twice as long as wide.
    case long
  }

  public static let chairCounts = 0...8

  public var colour: SceneColour
  public var shape: Shape
  public var chairs: Int
  /// Brown, as wood is, where nothing is said of it, and where there is no chair.
  public var chairColour: SceneColour

  public init(colour: SceneColour, shape: Shape, chairs: Int, chairColour: SceneColour = .brown) {
    (self.colour, self.shape, self.chairs) = (colour, shape, chairs)
    self.chairColour = chairs == 0 ? .brown : chairColour
  }
}

public struct SceneObject: Codable, Hashable, Sendable {
  public var colour: SceneColour
  public var shape: SceneShape

  public init(_ colour: SceneColour, _ shape: SceneShape) {
    (self.colour, self.shape) = (colour, shape)
  }

  static let all = SceneColour.allCases.flatMap { colour in
    SceneShape.allCases.map { SceneObject(colour, $0) }
  }
}

public enum SceneShape: String, Codable, CaseIterable, Sendable {
  case circle, square, triangle, star, heart
}

/// Where the first of two objects is, seen from the second. There is no "right of" and no "below": the objects change places.
public enum SceneArrangement: String, Codable, CaseIterable, Sendable {
  case leftOf = "left of"
  case above
}
