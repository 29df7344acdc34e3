public import Torch

/// English for scenes.
public enum SceneCaptions {
  public struct Caption: Sendable, Equatable {
    public var text: String
    /// What the text says: not always all of the scene.
    public var says: SceneDescription
  }

  /// A caption in one of many wordings, lower case, without a full stop.
  ///
  /// The background is left open half of the time, a table's shape likewise, the colour of brown chairs three times out
  /// of four, and any other attribute once in thirty or less.
  /// - Precondition: the scene is possible.
  public static func caption(_ scene: Scene, _ noise: KeyedNoise) -> Caption {
    var cursor = NoiseCursor(noise, for: "caption")
    let says = said(of: scene, &cursor)
    var wording = SceneWording(cursor)
    return Caption(text: wording.text(says), says: says)
  }

  /// The caption that says everything of a scene, always in the same words.
  public static func canonical(_ scene: Scene) -> String { canonical(SceneDescription(scene)) }

  /// The plainest words for a description.
  /// - Precondition: its counts are in the grammar's ranges, as those of the parser are.
  public static func canonical(_ description: SceneDescription) -> String {
    var wording = SceneWording(nil)
    return wording.text(description)
  }

  /// A description that leaves some of the scene open.
  private static func said(of scene: Scene, _ cursor: inout NoiseCursor) -> SceneDescription {
    var says = SceneDescription(scene)
    if cursor.chance(0.5) { says.background = nil }
    // One choice for all, so that a caption does not leave open nearly everything.
    let left = cursor.integer(below: 60)
    switch says.subject {
    case .table(var colour, var shape, var chairs, var chairColour):
      if cursor.chance(0.5) { shape = nil }
      if chairColour == .brown, cursor.chance(0.75) { chairColour = nil }
      if left < 2 { colour = nil }
      if left == 2, let count = chairs, count > 1 { chairs = nil }
      says.subject = .table(colour: colour, shape: shape, chairs: chairs, chairColour: chairColour)
    case .group(var count, var object):
      leaveOpen(&object, left)
      if left == 2, let number = count, number > 1 { count = nil }
      says.subject = .group(count: count, object: object)
    case .pair(var first, let arrangement, var second):
      leaveOpen(&first, left)
      leaveOpen(&second, left - 2)
      says.subject = .pair(first: first, arrangement: arrangement, second: second)
    case .around(var count, var small, var large):
      leaveOpen(&small, left)
      leaveOpen(&large, left - 2)
      if left == 4 { count = nil }
      says.subject = .around(count: count, small: small, large: large)
    }
    return says
  }

  private static func leaveOpen(_ object: inout SceneDescription.Object, _ left: Int) {
    if left == 0 { object.colour = nil }
    if left == 1 { object.shape = nil }
  }
}
