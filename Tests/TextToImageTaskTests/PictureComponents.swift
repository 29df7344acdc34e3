@testable import TextToImageTask

/// The connected parts of a picture that are not background, by flood fill: neither layout nor renderer is asked.
struct PictureComponents {
  struct Component {
    var pixels: [(x: Int, y: Int)] = []
    /// Mean of the pixels' coordinates.
    var centre: SIMD2<Float> {
      pixels.reduce(SIMD2<Float>()) { $0 + SIMD2(Float($1.x), Float($1.y)) } / Float(pixels.count)
    }
  }

  static let side = 32
  var all: [Component] = []

  /// - Parameters:
  ///   - planes: `[3, 32, 32]`; the upper left pixel is background.
  ///   - contrast: pixels that differ from the background by more than this in some channel are taken.
  init(_ planes: [Float], contrast: Float) {
    let background = Self.colour(planes, 0, 0)
    var isOpen = (0..<Self.side * Self.side).map { index in
      Self.difference(Self.colour(planes, index % Self.side, index / Self.side), background) > contrast
    }
    for start in isOpen.indices where isOpen[start] {
      var component = Component()
      var edge = [start]
      isOpen[start] = false
      while let index = edge.popLast() {
        let (x, y) = (index % Self.side, index / Self.side)
        component.pixels.append((x, y))
        for row in max(0, y - 1)...min(Self.side - 1, y + 1) {
          for column in max(0, x - 1)...min(Self.side - 1, x + 1) where isOpen[row * Self.side + column] {
            isOpen[row * Self.side + column] = false
            edge.append(row * Self.side + column)
          }
        }
      }
      all.append(component)
    }
  }

  /// Of a scene's picture: taken is what its colours cover by about half or more.
  init(_ planes: [Float], of scene: Scene) {
    let contrasts = scene.subject.colours.map { Self.difference($0.rgb, scene.background.rgb) }
    self.init(planes, contrast: 0.35 * (contrasts.min() ?? 1))
  }

  static func colour(_ planes: [Float], _ x: Int, _ y: Int) -> SIMD3<Float> {
    let (index, plane) = (y * side + x, side * side)
    return SIMD3(planes[index], planes[plane + index], planes[2 * plane + index])
  }

  /// The largest difference of a channel.
  static func difference(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
    let d = a - b
    return max(abs(d.x), abs(d.y), abs(d.z))
  }

  /// The colour that most of a component's pixels are nearest to.
  static func colour(of component: Component, _ planes: [Float]) -> SceneColour? {
    var votes: [SceneColour: Int] = [:]
    for (x, y) in component.pixels {
      let seen = colour(planes, x, y)
      func distance(_ colour: SceneColour) -> Float {
        let d = colour.rgb - seen
        return (d * d).sum()
      }
      if let nearest = SceneColour.allCases.min(by: { distance($0) < distance($1) }) {
        votes[nearest, default: 0] += 1
      }
    }
    return votes.max { $0.value < $1.value }?.key
  }
}
