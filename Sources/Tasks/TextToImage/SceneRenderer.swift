public import Torch

/// Renders scenes to small pictures, fast enough to be called inside of training.
public enum SceneRenderer {
  /// Pixels of a picture's width and height.
  public static let side = Int(SceneLayout.side)

  /// Samples of a pixel along each axis.
  private static let samples = 4

  /// The picture of a scene: placement, sizes, turns and shades are drawn from the noise.
  ///
  /// Things neither overlap nor touch one another or the border; a relation holds by a wide margin.
  /// - Returns: planes `[3, 32, 32]` of red, green and blue over 0...1, rows from the top.
  /// - Precondition: the scene is possible.
  public static func render(_ scene: Scene, _ noise: KeyedNoise) -> [Float] {
    render(SceneLayout(scene, noise))
  }

  static func render(_ layout: SceneLayout) -> [Float] {
    let plane = side * side
    return [Float](unsafeUninitializedCapacity: 3 * plane) { buffer, initialized in
      for channel in 0..<3 {
        buffer[channel * plane..<(channel + 1) * plane].initialize(repeating: layout.background[channel])
      }
      initialized = 3 * plane
      for piece in layout.pieces { paint(piece, buffer) }
    }
  }

  /// Blends a piece over the planes, by the share of each pixel's samples that it covers.
  private static func paint(_ piece: SceneLayout.Piece, _ planes: UnsafeMutableBufferPointer<Float>) {
    let axis = piece.axis
    let half = piece.outline.halfExtents * piece.scale
    let reach = SIMD2(
      abs(axis.x) * half.x + abs(axis.y) * half.y, abs(axis.y) * half.x + abs(axis.x) * half.y)
    let low = piece.centre - reach
    let high = piece.centre + reach
    let step = 1 / Float(samples)
    let share = step * step
    // From one sample to the next, in the outline's units.
    let stride = axis * step / piece.scale
    for row in max(0, Int(low.y))...min(side - 1, Int(high.y)) {
      for column in max(0, Int(low.x))...min(side - 1, Int(high.x)) {
        let fromCentre = SIMD2(Float(column) + step / 2, Float(row) + step / 2) - piece.centre
        let start =
          SIMD2(
            (fromCentre * axis).sum(), fromCentre.y * axis.x - fromCentre.x * axis.y) / piece.scale
        var covered = 0
        for y in 0..<samples {
          for x in 0..<samples {
            let u = start.x + Float(x) * stride.x + Float(y) * stride.y
            let v = start.y - Float(x) * stride.y + Float(y) * stride.x
            if piece.outline.contains(u, v) { covered += 1 }
          }
        }
        guard covered > 0 else { continue }
        let cover = Float(covered) * share
        let pixel = row * side + column
        for channel in 0..<3 {
          let index = channel * side * side + pixel
          planes[index] += cover * (piece.colour[channel] - planes[index])
        }
      }
    }
  }
}
