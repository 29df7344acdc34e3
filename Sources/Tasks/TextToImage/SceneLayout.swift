internal import Foundation
internal import Torch

/// Where everything of a scene is and how it is coloured, in pixels from the upper left corner, y downwards.
struct SceneLayout: Sendable, Equatable {
  struct Piece: Sendable, Equatable {
    var outline: ShapeOutline
    var centre: SIMD2<Float>
    /// Pixels for each unit of the outline.
    var scale: Float
    /// The direction of the outline's x axis, of length 1.
    var axis: SIMD2<Float>
    var colour: SIMD3<Float>
    /// Pieces of one thing, such as a chair's seat and back, have the same number; things lie apart.
    var thing: Int
  }

  static let side: Float = 32
  /// Pixels of background between two things, and between a thing and the border. Two make sure that one is whole.
  static let (gap, border): (Float, Float) = (2, 1)

  var background: SIMD3<Float>
  /// Later ones are over earlier ones.
  var pieces: [Piece]

  /// - Precondition: the scene is possible.
  init(_ scene: Scene, _ noise: KeyedNoise) {
    precondition(scene.isPossible, "the grammar does not have this scene")
    var cursor = NoiseCursor(noise, for: "layout")
    background = scene.background.rgb + cursor.jitter(SceneBackground.jitter)
    switch scene.subject {
    case .table(let table):
      pieces = TableLayout.pieces(table, &cursor)
    case .group(let count, let object):
      pieces = Self.group(count, object, &cursor)
    case .pair(let first, let arrangement, let second):
      pieces = Self.pair(first, arrangement, second, &cursor)
    case .around(let count, let small, let large):
      pieces = Self.around(count, small, large, &cursor)
    }
  }

  /// Radii of the circles around the objects of a group, by their count.
  private static func radii(_ count: Int) -> ClosedRange<Float> {
    switch count {
    case 1: 6.5...11
    case 2: 5.5...7.5
    case 3: 5...6.5
    case 4: 4.6...5.8
    case 5: 4.4...5.2
    case 6: 4.2...4.9
    case 7: 4...4.6
    default: 3.9...4.3
    }
  }

  private static func group(_ count: Int, _ object: SceneObject, _ cursor: inout NoiseCursor) -> [Piece] {
    var radius = cursor.uniform(radii(count))
    var centres = (0..<count).map { _ in
      SIMD2(
        cursor.uniform(border + radius...side - border - radius),
        cursor.uniform(border + radius...side - border - radius))
    }
    while !spread(&centres, radius: radius) { radius *= 0.97 }
    let colour = shade(object.colour, &cursor)
    return centres.enumerated().map { index, centre in
      piece(object.shape, centre, radius * cursor.uniform(0.9...1), colour, index, &cursor)
    }
  }

  /// Pushes circles apart until there is a gap between any two.
  /// - Returns: false where they still are too near.
  private static func spread(_ centres: inout [SIMD2<Float>], radius: Float) -> Bool {
    let least = 2 * radius + gap
    let (low, high) = (
      SIMD2<Float>(repeating: border + radius), SIMD2<Float>(repeating: side - border - radius)
    )
    for _ in 0..<40 {
      var isSpread = true
      for i in centres.indices {
        for j in centres.indices.dropFirst(i + 1) {
          let between = centres[j] - centres[i]
          let distance = (between * between).sum().squareRoot()
          guard distance < least else { continue }
          isSpread = false
          // A little more than needed, or the end would be approached for ever.
          let push = (least - distance) * 0.55
          let direction = distance > 0.01 ? between / distance : SIMD2(1, 0)
          centres[i] = (centres[i] - direction * push).clamped(lowerBound: low, upperBound: high)
          centres[j] = (centres[j] + direction * push).clamped(lowerBound: low, upperBound: high)
        }
      }
      if isSpread { return true }
    }
    return false
  }

  private static func pair(
    _ first: SceneObject, _ arrangement: SceneArrangement, _ second: SceneObject, _ cursor: inout NoiseCursor
  ) -> [Piece] {
    let radii = [cursor.uniform(4.8...6.7), cursor.uniform(4.8...6.7)]
    let slack = side - 2 * border - 2 * (radii[0] + radii[1]) - gap
    let before = slack * cursor.uniform()
    let along = [
      border + before + radii[0],
      border + before + 2 * radii[0] + gap + (slack - before) * cursor.uniform() + radii[1],
    ]
    let room = border + radii.max()!...side - border - radii.max()!
    let line = cursor.uniform(room)
    let across = radii.map { _ in
      min(room.upperBound, max(room.lowerBound, line + cursor.uniform(-1.5...1.5)))
    }
    return [first, second].enumerated().map { index, object in
      let centre = SIMD2(along[index], across[index])
      return piece(
        object.shape, arrangement == .leftOf ? centre : SIMD2(centre.y, centre.x), radii[index],
        shade(object.colour, &cursor), index, &cursor)
    }
  }

  private static func around(
    _ count: Int, _ small: SceneObject, _ large: SceneObject, _ cursor: inout NoiseCursor
  ) -> [Piece] {
    let radius = cursor.uniform(count > 6 ? 3.1...3.3 : 3.1...3.6)
    let ring = cursor.uniform((count > 6 ? 11.5 : 11)...side / 2 - border - radius)
    let most = ring - radius - gap
    let middle =
      SIMD2(repeating: side / 2) + (side / 2 - border - radius - ring)
      * SIMD2(cursor.uniform(-1...1), cursor.uniform(-1...1))
    // Where all are equally far apart, each may move by half of what is left over.
    let spare = 2 * Float.pi / Float(count) - 2 * asin((radius + gap / 2) / ring)
    let turn = cursor.uniform(0...2 * Float.pi)
    let colour = shade(small.colour, &cursor)
    let ringed = (0..<count).map { index in
      let angle =
        turn + 2 * Float.pi * Float(index) / Float(count) + min(spare / 2, 0.2) * cursor.uniform(-1...1)
      return piece(
        small.shape, middle + ring * SIMD2(cos(angle), sin(angle)), radius, colour, index, &cursor)
    }
    let centre = piece(
      large.shape, middle, cursor.uniform(max(5, most - 0.7)...max(5, most)), shade(large.colour, &cursor),
      count, &cursor)
    return ringed + [centre]
  }

  private static func piece(
    _ shape: SceneShape, _ centre: SIMD2<Float>, _ radius: Float, _ colour: SIMD3<Float>, _ thing: Int,
    _ cursor: inout NoiseCursor
  ) -> Piece {
    Piece(
      outline: .shape(shape), centre: centre, scale: radius, axis: axis(cursor.uniform(-0.2...0.2)),
      colour: colour, thing: thing)
  }

  /// The direction at an angle in radians, clockwise from the x axis.
  static func axis(_ angle: Float) -> SIMD2<Float> { SIMD2(cos(angle), sin(angle)) }

  static func shade(_ colour: SceneColour, _ cursor: inout NoiseCursor) -> SIMD3<Float> {
    (colour.rgb + cursor.jitter(SceneColour.jitter))
      .clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
  }
}
