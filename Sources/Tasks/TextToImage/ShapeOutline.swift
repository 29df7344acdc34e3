/// A filled shape in coordinates of its own, y downwards.
enum ShapeOutline: Sendable, Equatable {
  /// Upright, within the circle of radius 1 around the origin.
  case shape(SceneShape)
  /// A rectangle with rounded corners around the origin; a disc if `corner` is half of both sides.
  case box(halfWidth: Float, halfHeight: Float, corner: Float)

  /// Half of the width and of the height of a rectangle around the origin that holds it.
  var halfExtents: SIMD2<Float> {
    switch self {
    case .shape: SIMD2(1, 1)
    case .box(let halfWidth, let halfHeight, _): SIMD2(halfWidth, halfHeight)
    }
  }

  @inline(__always)
  func contains(_ x: Float, _ y: Float) -> Bool {
    switch self {
    case .box(let halfWidth, let halfHeight, let corner):
      let (u, v) = (abs(x) - halfWidth + corner, abs(y) - halfHeight + corner)
      if u <= 0 { return v <= corner }
      return v <= 0 ? u <= corner : u * u + v * v <= corner * corner
    case .shape(.circle): return x * x + y * y <= 0.86 * 0.86
    case .shape(.square): return abs(x) <= 0.7 && abs(y) <= 0.7
    // Equilateral, one corner up.
    case .shape(.triangle): return y <= 0.5 && abs(x) <= 0.57735 * (y + 1)
    case .shape(.star): return Self.star(x, y)
    // A disc whose columns are moved upwards with their distance from the middle, which makes a tip and a notch.
    case .shape(.heart):
      let (u, v) = (1.31 * x, 0.3 - 1.31 * y - 0.9 * abs(1.31 * x))
      return u * u + v * v <= 1
    }
  }

  /// Five points, one up; the inner corners at 0.46 of the radius, for thinner points vanish between pixels.
  ///
  /// The plane is folded over the star's axes into half of one point, as Quilez does for distances to polygons
  /// ("2D distance functions", iquilezles.org).
  @inline(__always)
  private static func star(_ x: Float, _ y: Float) -> Bool {
    let (kx, ky): (Float, Float) = (0.809017, 0.587785)
    var (u, v) = (abs(x), -y)
    var over = 2 * max(kx * u - ky * v, 0)
    (u, v) = (u - over * kx, v + over * ky)
    over = 2 * max(-kx * u - ky * v, 0)
    (u, v) = (abs(u + over * kx), v + over * ky)
    // Below the line from (0, 1) to the inner corner (0.46 sin 36°, 0.46 cos 36°).
    let (cornerX, cornerY): (Float, Float) = (0.270381, 0.372148)
    return u * (1 - cornerY) + (v - 1) * cornerX <= 0
  }
}
