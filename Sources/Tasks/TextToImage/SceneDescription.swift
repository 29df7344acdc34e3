/// What a text says of a scene; nil stands for what is left open.
public struct SceneDescription: Codable, Hashable, Sendable {
  public struct Object: Codable, Hashable, Sendable {
    public var colour: SceneColour?
    public var shape: SceneShape?

    public init(colour: SceneColour? = nil, shape: SceneShape? = nil) {
      (self.colour, self.shape) = (colour, shape)
    }

    public init(_ object: SceneObject) {
      self.init(colour: object.colour, shape: object.shape)
    }

    func matches(_ object: SceneObject) -> Bool {
      isOpen(colour, or: object.colour) && isOpen(shape, or: object.shape)
    }
  }

  /// As in `Scene`; the first of a pair is at the left, or above.
  public enum Subject: Codable, Hashable, Sendable {
    /// Captions leave the chairs' colour open only where they are brown.
    case table(colour: SceneColour?, shape: SceneTable.Shape?, chairs: Int?, chairColour: SceneColour?)
    case group(count: Int?, object: Object)
    case pair(first: Object, arrangement: SceneArrangement, second: Object)
    case around(count: Int?, small: Object, large: Object)
  }

  public var subject: Subject
  public var background: SceneBackground?

  public init(_ subject: Subject, background: SceneBackground? = nil) {
    (self.subject, self.background) = (subject, background)
  }

  /// Leaves nothing open but the colour of chairs that are not there.
  public init(_ scene: Scene) {
    self.init(Subject(scene.subject), background: scene.background)
  }

  public var kind: SceneKind {
    switch subject {
    case .table: .table
    case .group: .group
    case .pair: .pair
    case .around: .around
    }
  }

  /// Whether the scene is as the text says; what it leaves open may be anything.
  public func matches(_ scene: Scene) -> Bool {
    isOpen(background, or: scene.background) && subject.matches(scene.subject)
  }
}

extension SceneDescription.Subject {
  public init(_ subject: Scene.Subject) {
    self =
      switch subject {
      case .table(let table):
        .table(
          colour: table.colour, shape: table.shape, chairs: table.chairs,
          chairColour: table.chairs == 0 ? nil : table.chairColour)
      case .group(let count, let object): .group(count: count, object: .init(object))
      case .pair(let first, let arrangement, let second):
        .pair(first: .init(first), arrangement: arrangement, second: .init(second))
      case .around(let count, let small, let large):
        .around(count: count, small: .init(small), large: .init(large))
      }
  }

  func matches(_ subject: Scene.Subject) -> Bool {
    switch (self, subject) {
    case (.table(let colour, let shape, let chairs, let chairColour), .table(let table)):
      isOpen(colour, or: table.colour) && isOpen(shape, or: table.shape) && isOpen(chairs, or: table.chairs)
        && (table.chairs == 0 || isOpen(chairColour, or: table.chairColour))
    case (.group(let count, let object), .group(let other, let found)):
      isOpen(count, or: other) && object.matches(found)
    case (.pair(let first, let arrangement, let second), .pair(let left, let other, let right)):
      arrangement == other && first.matches(left) && second.matches(right)
    case (.around(let count, let small, let large), .around(let other, let ring, let middle)):
      isOpen(count, or: other) && small.matches(ring) && large.matches(middle)
    default: false
    }
  }
}

private func isOpen<Value: Equatable>(_ said: Value?, or value: Value) -> Bool {
  said == nil || said == value
}
