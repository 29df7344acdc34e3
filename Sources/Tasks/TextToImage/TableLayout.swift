internal import Foundation

/// Tables from above with their chairs: laid out around the origin first, then turned, scaled and moved into the picture.
enum TableLayout {
  /// Pixels before scaling. A chair is as deep as a seat and its back together.
  private static let (halfSeat, halfDepth, back, gap): (Float, Float, Float, Float) = (1.9, 1.9, 1.1, 2.2)

  private struct Chair {
    var centre: SIMD2<Float>
    /// Away from the table, of length 1.
    var outward: SIMD2<Float>
  }

  static func pieces(_ table: SceneTable, _ cursor: inout NoiseCursor) -> [SceneLayout.Piece] {
    let half: SIMD2<Float>
    let corner: Float
    switch table.shape {
    case .round: (half, corner) = (SIMD2(6.4, 6.4), 6.4)
    case .square: (half, corner) = (SIMD2(6.2, 6.2), 0.8)
    case .long: (half, corner) = (SIMD2(9, 4.3), 0.8)
    }
    let chairs =
      switch table.shape {
      case .round: ring(table.chairs, radius: half.x, &cursor)
      case .square: sides(squareSides(table.chairs, &cursor), half, &cursor)
      case .long: sides(longSides(table.chairs, &cursor), half, &cursor)
      }
    let quarter: Float = table.shape == .long && cursor.chance(0.5) ? .pi / 2 : 0
    let axis = SceneLayout.axis(quarter + cursor.uniform(-0.1...0.1))
    func turned(_ point: SIMD2<Float>) -> SIMD2<Float> {
      SIMD2(point.x * axis.x - point.y * axis.y, point.x * axis.y + point.y * axis.x)
    }

    let corners = ([-1, 1] as [Float]).flatMap { x in ([-1, 1] as [Float]).map { y in SIMD2(x, y) } }
    let tableCorners = table.shape == .round ? [] : corners.map { turned($0 * half) }
    let outline =
      tableCorners
      + (table.shape == .round ? [-half, half, SIMD2(half.x, -half.y), SIMD2(-half.x, half.y)] : [])
      + chairs.flatMap { chair in
        corners.map { corner in
          let side = SIMD2(chair.outward.y, -chair.outward.x)
          return turned(chair.centre + corner.x * halfSeat * side + corner.y * halfDepth * chair.outward)
        }
      }
    let low = outline.reduce(outline[0]) { pointwiseMin($0, $1) }
    let high = outline.reduce(outline[0]) { pointwiseMax($0, $1) }
    let room = SceneLayout.side - 2 * SceneLayout.border
    // Chairs that are many are never small.
    let scale = min(room / (high - low).max(), 1.3) * cursor.uniform((table.chairs > 3 ? 0.94 : 0.8)...1)
    let slack = SIMD2(repeating: room) - scale * (high - low)
    let middle =
      SIMD2(repeating: SceneLayout.border) - scale * low + slack * SIMD2(cursor.uniform(), cursor.uniform())

    let colour = SceneLayout.shade(table.colour, &cursor)
    func tableTop(inset: Float, _ colour: SIMD3<Float>) -> SceneLayout.Piece {
      .init(
        outline: .box(
          halfWidth: half.x - inset, halfHeight: half.y - inset, corner: max(0.3, corner - inset)),
        centre: middle, scale: scale, axis: axis, colour: colour, thing: 0)
    }
    // The edging tells a table from a circle or a square.
    let top = [
      tableTop(inset: 0, colour), tableTop(inset: 1.1, edging(colour)), tableTop(inset: 2, colour),
    ]
    let chairColour = SceneLayout.shade(table.chairColour, &cursor)
    return top
      + chairs.enumerated().flatMap { index, chair -> [SceneLayout.Piece] in
        let outward = turned(chair.outward)
        // The outline's y axis points outwards.
        let axis = SIMD2(outward.y, -outward.x)
        let centre = middle + scale * turned(chair.centre)
        let seat = SceneLayout.Piece(
          outline: .box(halfWidth: halfSeat, halfHeight: halfDepth - back / 2, corner: 0.6),
          centre: centre - scale * back / 2 * outward, scale: scale, axis: axis, colour: chairColour,
          thing: index + 1)
        var whole = seat
        whole.outline = .box(halfWidth: halfSeat, halfHeight: halfDepth, corner: 0.6)
        (whole.centre, whole.colour) = (centre, edging(chairColour))
        return [whole, seat]
      }
  }

  /// A darker shade of the colour, or a lighter one of black.
  private static func edging(_ colour: SIMD3<Float>) -> SIMD3<Float> {
    // Light colours are darkened less: white would become the grey of a background.
    switch colour.max() {
    case ..<0.3: colour + 0.24
    case ..<0.7: colour * 0.6
    default: colour * 0.76
    }
  }

  private static func ring(_ count: Int, radius: Float, _ cursor: inout NoiseCursor) -> [Chair] {
    let turn = cursor.uniform(0...2 * Float.pi)
    return (0..<count).map { index in
      let angle =
        turn + 2 * Float.pi * Float(index) / Float(count) + (count > 5 ? 0.03 : 0.12) * cursor.uniform(-1...1)
      let outward = SceneLayout.axis(angle)
      return Chair(centre: (radius + gap + halfDepth) * outward, outward: outward)
    }
  }

  /// How many chairs stand at the sides, in order around the table.
  private static func squareSides(_ count: Int, _ cursor: inout NoiseCursor) -> [Int] {
    let counts = [
      [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1], [2, 1, 1, 1], [2, 1, 2, 1],
      [2, 2, 2, 1], [2, 2, 2, 2],
    ][count]
    let turn = cursor.integer(below: 4)
    return (0..<4).map { counts[($0 + turn) % 4] }
  }

  /// Likewise, the long sides first and third.
  private static func longSides(_ count: Int, _ cursor: inout NoiseCursor) -> [Int] {
    let ways: [[[Int]]] = [
      [[0, 0, 0, 0]], [[1, 0, 0, 0], [0, 1, 0, 0]], [[1, 0, 1, 0], [0, 1, 0, 1]],
      [[2, 0, 1, 0], [1, 1, 1, 0]], [[2, 0, 2, 0], [1, 1, 1, 1]], [[2, 1, 2, 0], [3, 0, 2, 0]],
      [[3, 0, 3, 0], [2, 1, 2, 1]], [[3, 1, 3, 0], [3, 1, 2, 1]], [[3, 1, 3, 1]],
    ]
    let way = cursor.pick(ways[count])
    let turn = cursor.chance(0.5) ? 2 : 0
    return (0..<4).map { way[($0 + turn) % 4] }
  }

  /// Chairs at the lower, the right, the upper and the left side of a rectangle.
  private static func sides(_ counts: [Int], _ half: SIMD2<Float>, _ cursor: inout NoiseCursor) -> [Chair] {
    let outwards: [SIMD2<Float>] = [SIMD2(0, 1), SIMD2(1, 0), SIMD2(0, -1), SIMD2(-1, 0)]
    return zip(counts, outwards).flatMap { count, outward -> [Chair] in
      let along = SIMD2(outward.y, -outward.x)
      let length = 2 * (half * along * along).sum()
      let jitter = [0, 0.8, 0.15, 0.05][count] as Float
      return (0..<count).map { index in
        let place = length * ((Float(index) + 0.5) / Float(count) - 0.5) + jitter * cursor.uniform(-1...1)
        let reach = (half * outward * outward).sum() + gap + halfDepth
        return Chair(centre: place * along + reach * outward, outward: outward)
      }
    }
  }
}
