import Testing
import Torch

@testable import TextToImageTask

struct SceneRendererTests {
  private func noise(_ sample: Int, seed: UInt64 = 3) -> KeyedNoise {
    KeyedNoise(seed: seed, sample: UInt64(sample), step: 0)
  }

  /// Scenes of every kind and count, in changing colours and shapes.
  private func everyCount(_ turn: Int) -> [Scene] {
    let colours = SceneColour.allCases
    func colour(_ index: Int) -> SceneColour { colours[(index * 3 + turn) % colours.count] }
    func shape(_ index: Int) -> SceneShape {
      SceneShape.allCases[(index + turn) % SceneShape.allCases.count]
    }
    var subjects: [Scene.Subject] = SceneTable.Shape.allCases.flatMap { shape in
      SceneTable.chairCounts.map { count in
        .table(
          SceneTable(colour: colour(count), shape: shape, chairs: count, chairColour: colour(count + turn)))
      }
    }
    subjects += SceneKind.groupCounts.map { .group(count: $0, object: .init(colour($0), shape($0))) }
    subjects += SceneArrangement.allCases.flatMap { arrangement in
      (0..<3).map { index in
        .pair(
          first: .init(colour(index), shape(index)), arrangement: arrangement,
          second: .init(colour(index + 1), shape(2 * index)))
      }
    }
    subjects += SceneKind.aroundCounts.map { count in
      .around(
        count: count, small: .init(colour(count), shape(count)),
        large: .init(colour(count + 1), shape(count + turn)))
    }
    return subjects.enumerated().map { index, subject in
      let backgrounds = SceneBackground.showing(subject.colours)
      return Scene(subject, background: backgrounds[(index + turn) % backgrounds.count])
    }
  }

  @Test func aNoiseGivesOnePicture() {
    let scene = Scene(.group(count: 3, object: .init(.red, .star)), background: .white)
    let picture = SceneRenderer.render(scene, noise(0))
    #expect(picture.count == 3 * 32 * 32 && picture.allSatisfy { (0...1).contains($0) })
    #expect(SceneRenderer.render(scene, noise(0)) == picture)
    #expect(SceneRenderer.render(scene, noise(1)) != picture)
    #expect(SceneRenderer.render(scene, KeyedNoise(seed: 3, sample: 0, step: 1)) != picture)
    #expect(SceneRenderer.render(scene, noise(0, seed: 4)) != picture)
  }

  @Test func everythingCanBeCounted() {
    for turn in 0..<8 {
      for (index, scene) in everyCount(turn).enumerated() {
        let picture = SceneRenderer.render(scene, noise(index, seed: UInt64(turn)))
        let found = PictureComponents(picture, of: scene).all.count
        #expect(found == scene.subject.parts, "\(SceneCaptions.canonical(scene)), turn \(turn)")
      }
    }
  }

  /// Pixels that two things cover, even by one sample, never share a side, and none lies at the border.
  @Test func nothingTouches() {
    for turn in 0..<4 {
      for (index, scene) in everyCount(turn).enumerated() {
        let layout = SceneLayout(scene, noise(index, seed: UInt64(turn)))
        var owners = [Int?](repeating: nil, count: 32 * 32)
        for thing in Set(layout.pieces.map(\.thing)) {
          var alone = layout
          alone.background = SIMD3(repeating: -1)
          alone.pieces.removeAll { $0.thing != thing }
          for (pixel, value) in SceneRenderer.render(alone).prefix(32 * 32).enumerated() where value != -1 {
            #expect(owners[pixel] == nil)
            owners[pixel] = thing
          }
        }
        for (pixel, owner) in owners.enumerated() where owner != nil {
          let (x, y) = (pixel % 32, pixel / 32)
          guard (1..<31).contains(x), (1..<31).contains(y) else {
            Issue.record("\(SceneCaptions.canonical(scene)) is at the border")
            continue
          }
          let near = [owners[pixel + 1], owners[pixel + 32]].compactMap { $0 }
          #expect(near.allSatisfy { $0 == owner }, "\(SceneCaptions.canonical(scene)), turn \(turn)")
        }
      }
    }
  }

  @Test func coloursAreTold() {
    for (index, colour) in SceneColour.allCases.enumerated() {
      for other in SceneColour.allCases where other != colour {
        // Each may be moved by the jitter along all three channels.
        let between = colour.rgb - other.rgb
        #expect((between * between).sum().squareRoot() > 2 * SceneColour.jitter * 1.7321)
      }
      for background in SceneBackground.showing([colour]) {
        let scene = Scene(.group(count: 2, object: .init(colour, .square)), background: background)
        let picture = SceneRenderer.render(scene, noise(index))
        let ground = PictureComponents.colour(picture, 0, 0)
        #expect(
          PictureComponents.difference(ground, background.rgb) <= SceneBackground.jitter + 1e-4)
        for component in PictureComponents(picture, of: scene).all {
          #expect(PictureComponents.colour(of: component, picture) == colour, "\(background)")
          let seen = component.pixels.map { PictureComponents.colour(picture, $0.x, $0.y) }
          let isWhole = seen.filter {
            PictureComponents.difference($0, colour.rgb) <= SceneColour.jitter + 1e-4
          }
          #expect(isWhole.count * 2 > seen.count, "\(colour) on \(background)")
        }
      }
    }
  }

  @Test func relationsHoldByFar() throws {
    let (red, blue) = (SceneColour.red, SceneColour.blue)
    for sample in 0..<60 {
      for arrangement in SceneArrangement.allCases {
        let shapes = (SceneShape.allCases[sample % 5], SceneShape.allCases[sample / 5 % 5])
        let scene = Scene(
          .pair(first: .init(red, shapes.0), arrangement: arrangement, second: .init(blue, shapes.1)),
          background: .grey)
        let picture = SceneRenderer.render(scene, noise(sample))
        let parts = PictureComponents(picture, of: scene).all
        let first = try #require(parts.first { PictureComponents.colour(of: $0, picture) == red })
        let second = try #require(parts.first { PictureComponents.colour(of: $0, picture) == blue })
        let between = second.centre - first.centre
        let (along, across) = arrangement == .leftOf ? (between.x, between.y) : (between.y, between.x)
        #expect(along > 9 && abs(across) < 0.4 * along, "\(sample) \(arrangement): \(between)")
      }
    }
  }

  @Test func theLargeOneIsInTheMiddleAndLarger() throws {
    for sample in 0..<40 {
      let count = 3 + sample % 6
      let scene = Scene(
        .around(count: count, small: .init(.green, .circle), large: .init(.purple, .circle)),
        background: .white)
      let picture = SceneRenderer.render(scene, noise(sample))
      let parts = PictureComponents(picture, of: scene).all
      let large = try #require(parts.first { PictureComponents.colour(of: $0, picture) == .purple })
      let small = parts.filter { PictureComponents.colour(of: $0, picture) == .green }
      #expect(small.count == count)
      #expect(small.allSatisfy { $0.pixels.count * 3 < large.pixels.count * 2 })
      let mean = small.reduce(SIMD2<Float>()) { $0 + $1.centre } / Float(count)
      #expect(PictureComponents.difference(SIMD3(mean - large.centre, 0), SIMD3()) < 3, "\(sample)")
    }
  }

  /// A table without chairs is no circle: its edging is of another shade.
  @Test func tablesAreNotShapes() {
    for colour in SceneColour.allCases {
      let scene = Scene(
        .table(SceneTable(colour: colour, shape: .round, chairs: 0)),
        background: SceneBackground.showing([colour])[0])
      let picture = SceneRenderer.render(scene, noise(1))
      let parts = PictureComponents(picture, of: scene).all
      let darkened = parts[0].pixels.filter { x, y in
        // Away from the edge, which is mixed with the background.
        let isInside = parts[0].pixels.filter { abs($0.x - x) <= 1 && abs($0.y - y) <= 1 }.count == 9
        return isInside
          && PictureComponents.difference(PictureComponents.colour(picture, x, y), colour.rgb) > 2
            * SceneColour.jitter
      }
      #expect(parts.count == 1 && darkened.count > 8, "\(colour): \(darkened.count)")
    }
  }
}
