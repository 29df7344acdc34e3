import Testing
import Torch

@testable import TextToImageTask

struct SceneParserTests {
  private typealias Object = SceneDescription.Object

  @Test func textsAreUnderstood() throws {
    let star = Object(colour: .blue, shape: .star)
    let square = Object(colour: .green, shape: .square)
    func table(_ chairs: Int?, _ shape: SceneTable.Shape? = nil, _ chairColour: SceneColour? = nil)
      -> SceneDescription
    {
      .init(.table(colour: .black, shape: shape, chairs: chairs, chairColour: chairColour))
    }
    let pair = SceneDescription(.pair(first: star, arrangement: .leftOf, second: square))
    let stack = SceneDescription(.pair(first: star, arrangement: .above, second: square))
    let ring = SceneDescription(.around(count: 5, small: star, large: square))
    let texts: [(String, SceneDescription)] = [
      ("A black table with 6 chairs.", table(6)),
      ("Six chairs, around a black table", table(6)),
      ("the 6 wooden chairs are around the black table", table(6, nil, .brown)),
      ("a square black table surrounded by one red chair", table(1, .square, .red)),
      ("a black square table and a red chair", table(1, .square, .red)),
      ("black table", table(0)),
      ("a black rectangular table without any chairs", table(0, .long)),
      ("a black circular table with no red chairs", table(0, .round)),
      ("a black table with chairs", table(nil)),
      ("a lovely black table with exactly 8 chairs", table(8)),
      ("a blue star to the left of a green square", pair),
      ("there is a green square on the right of a blue star", pair),
      ("a green square is right of a blue star", pair),
      ("a blue star on the left and a green square on the right", pair),
      ("a green square on the right and a blue star on the left", pair),
      ("a blue star over a green square", stack), ("a green square underneath a blue star", stack),
      ("a green square at the bottom and a blue star at the top", stack),
      ("five blue stars around a green square", ring),
      ("a big green square surrounded by a group of 5 little blue stars", ring),
      ("a green square with five blue stars around it", ring),
      ("three red circles", .init(.group(count: 3, object: Object(colour: .red, shape: .circle)))),
      ("some red circles", .init(.group(count: nil, object: Object(colour: .red, shape: .circle)))),
      ("a picture of a heart", .init(.group(count: 1, object: Object(shape: .heart)))),
      ("2 pink objects", .init(.group(count: 2, object: Object(colour: .pink)))),
    ]
    for (text, expected) in texts { #expect(try SceneParser.parse(text) == expected, "\(text)") }
    for (text, background) in [
      ("on a light blue background a picture of a heart", SceneBackground.lightBlue),
      ("a heart against a gray background", .grey), ("a black background with a heart", .black),
      ("there is a heart in front of a beige background", .beige), ("white background, heart", .white),
    ] {
      let found = try SceneParser.parse(text)
      #expect(
        found == .init(.group(count: 1, object: Object(shape: .heart)), background: background), "\(text)")
    }
  }

  @Test func reasonsAreGiven() throws {
    let texts = [
      "": "nothing is said", " ?! ": "nothing is said",
      "ein schwarzer Tisch": "no word of 'ein schwarzer tisch'",
      "9 red circles": "9 objects", "a black table with 12 chairs": "0 to 8",
      "a table with twenty chairs": "20 chairs",
      "no circles": "0 objects", "a star surrounded by 2 circles": "3 to 8",
      "six chairs": "without a table", "a red circle and a blue star": "how the shapes lie",
      "a table with 3 hearts": "only chairs go with tables", "a table above a star": "only shapes lie",
      "two stars left of a circle": "one object in each place", "a red blue star": "two colours",
      "a red star above a red star": "alike", "a white star on a white background": "nothing white",
      "a star on a red background": "no background is red", "a grey star": "no thing is grey",
      "a round star": "said of tables only", "red": "after 'red'", "with the of": "after 'the of'",
      "of": "at 'of'",
      "a star on the left and a circle at the top": "opposite sides",
      "a star on the left": "not what is at the other side", "a red circle a blue star": "'a' does not go",
      "a star on a white background on a black background": "two backgrounds",
      String(repeating: "9", count: 50) + " stars": "objects are asked for",
    ]
    for (text, reason) in texts {
      let error = try #require(throws: SceneParsingError.self, "\(text)") { try SceneParser.parse(text) }
      #expect(error.description.contains(reason), "\(text): \(error)")
    }
    let long = String(repeating: "a red circle ", count: 3400)
    let error = try #require(throws: SceneParsingError.self) { try SceneParser.parse(long) }
    #expect(error.description.count < 200)
    let unknown = String(repeating: "x", count: 10_000)
    let other = try #require(throws: SceneParsingError.self) { try SceneParser.parse(unknown) }
    #expect(other.description.count < 200)
  }

  /// Whatever words come, the answer is a reason, or a description that is understood again when it is put plainly.
  @Test func anyWordsHaveAnAnswer() throws {
    var understood = 0
    let words = SceneVocabulary.words + ["nine", "elephant"]
    let nouns = ["table", "chairs", "star", "circles", "a", "3", "red", "around", "with", "above"]
    for sample in 0..<6000 {
      let noise = KeyedNoise(seed: 5, sample: UInt64(sample), step: 0)
      let list = sample % 3 == 0 ? words : nouns
      let text = noise.integers(below: list.count, count: 1 + sample % 7).map { list[$0] }.joined(
        separator: " ")
      guard let description = try? SceneParser.parse(text) else { continue }
      understood += 1
      let plain = SceneCaptions.canonical(description)
      #expect(try SceneParser.parse(plain) == description, "\(text) → \(plain)")
    }
    #expect(understood > 200)
  }

  @Test func openAttributesMatchAnything() throws {
    let scene = Scene(
      .table(SceneTable(colour: .black, shape: .round, chairs: 6, chairColour: .red)), background: .white)
    for text in [
      "a black table with 6 chairs", "a table with six red chairs",
      "a round table with chairs on a white background",
    ] {
      #expect(try SceneParser.parse(text).matches(scene), "\(text)")
    }
    for text in [
      "a black table with 5 chairs", "a black table", "a square table with 6 chairs",
      "6 green chairs around a table",
      "a table with 6 chairs on a grey background", "six stars",
    ] {
      #expect(try SceneParser.parse(text).matches(scene) == false, "\(text)")
    }
  }
}
