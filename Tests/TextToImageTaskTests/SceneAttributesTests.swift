import Foundation
import Testing
import Torch

@testable import TextToImageTask

struct SceneAttributesTests {
  /// Scores of a network that is sure of a scene.
  private func logs(_ scene: Scene) -> [[Double]] {
    zip(SceneAttributes.choices(of: scene), SceneAttributes.sizes).map { choice, size in
      (0..<size).map { $0 == choice ? -0.01 : -8 }
    }
  }

  @Test func scenesAreFoundAgain() {
    for sample in 0..<400 {
      let scene = SceneGrammar.draw(KeyedNoise(seed: 4, sample: UInt64(sample), step: 0))
      #expect(SceneJudge.candidates(logs(scene), most: 5).first == scene)
      #expect(SceneAttributes.scenes(logs(scene), kind: scene.subject.kind, most: 1)[0].scene == scene)
    }
  }

  @Test func candidatesArePossibleAndAllDifferent() {
    let scene = Scene(
      .pair(first: .init(.red, .circle), arrangement: .above, second: .init(.blue, .star)), background: .white
    )
    let all = SceneJudge.candidates(logs(scene), most: 40)
    #expect(all.count == 40 && Set(all).count == 40)
    #expect(all.allSatisfy { $0.isPossible })
  }

  private func verdict(_ caption: String, _ seen: Scene) throws -> SceneVerdict {
    SceneVerdict(try SceneParser.parse(caption), seen)
  }

  @Test func verdictsSayWhatIsWrong() throws {
    let table = Scene(.table(SceneTable(colour: .black, shape: .round, chairs: 6)), background: .beige)
    let right = try verdict("a black table with 6 chairs", table)
    #expect(right.isRight && right.count == true && right.colours == true && right.shapes == nil)
    let miscounted = try verdict("a black table with 5 chairs", table)
    #expect(!miscounted.isRight && miscounted.count == false && miscounted.colours == true)
    let other = try verdict("three red stars", table)
    #expect(!other.isRight && !other.isKindRight && other.count == nil && other.colours == nil)
    #expect(try !verdict("a black table with 6 chairs on a white background", table).isRight)

    let pair = Scene(
      .pair(first: .init(.red, .circle), arrangement: .leftOf, second: .init(.blue, .star)),
      background: .white)
    #expect(try verdict("a red circle left of a blue star", pair).isRight)
    let swapped = try verdict("a blue star left of a red circle", pair)
    #expect(
      !swapped.isRight && swapped.relation == false && swapped.colours == true && swapped.shapes == true)
    let above = try verdict("a red circle above a blue star", pair)
    #expect(!above.isRight && above.relation == false && above.colours == true)
  }
}
