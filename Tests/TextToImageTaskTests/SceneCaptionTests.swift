import Foundation
import Testing
import Torch

@testable import TextToImageTask

struct SceneCaptionTests {
  private func noise(_ sample: Int) -> KeyedNoise { KeyedNoise(seed: 2, sample: UInt64(sample), step: 0) }

  private func captions(_ count: Int) -> [(scene: Scene, caption: SceneCaptions.Caption)] {
    (0..<count).map { sample in
      let scene = SceneGrammar.draw(noise(sample))
      return (scene, SceneCaptions.caption(scene, noise(sample)))
    }
  }

  @Test func captionsSayWhatIsTrueAndAreReadBack() throws {
    for (scene, caption) in captions(4000) {
      #expect(caption.says.matches(scene), "\(caption.text)")
      #expect(try SceneParser.parse(caption.text) == caption.says, "\(caption.text)")
      let tokens = SceneVocabulary.tokens(caption.text)
      #expect(tokens.unknown.isEmpty && tokens.leftOut == 0, "\(caption.text)")
    }
  }

  @Test func canonicalCaptionsSayEverything() throws {
    var seen: Set<String> = []
    var subjects = 0
    for (index, subject) in SceneKind.allCases.flatMap(SceneGrammar.subjects).enumerated() {
      let backgrounds = SceneBackground.showing(subject.colours)
      let scene = Scene(subject, background: backgrounds[index % backgrounds.count])
      let text = SceneCaptions.canonical(scene)
      #expect(try SceneParser.parse(text) == SceneDescription(scene), "\(text)")
      seen.insert(SceneCaptions.canonical(SceneDescription(.init(subject))))
      subjects += 1
    }
    #expect(seen.count == subjects)
    let table = SceneDescription(.table(colour: .black, shape: nil, chairs: 6, chairColour: nil))
    #expect(SceneCaptions.canonical(table) == "a black table with 6 chairs")
  }

  @Test func articlesAndPluralsAreRight() {
    let plurals = Set(SceneVocabulary.numbers.dropFirst(2) + (2...8).map(String.init) + ["0", "no", "any"])
    for (_, caption) in captions(3000) {
      let words = caption.text.split(separator: " ").map(String.init)
      for (word, next) in zip(words, words.dropFirst()) where ["a", "an"].contains(word) {
        #expect((word == "an") == ["orange", "image"].contains(next), "\(caption.text)")
      }
      for (index, word) in words.enumerated() {
        let isOne = ["a", "an", "one", "1"].contains(word)
        guard isOne || plurals.contains(word) else { continue }
        let nouns =
          ["table", "chair", "shape", "picture", "image", "drawing", "group", "background"]
          + SceneShape.allCases.map(\.rawValue)
        // "square" before "table" is no noun.
        let noun = words[index...].enumerated().first { place, candidate in
          let after = words[index...].dropFirst(place + 1).first { SceneColour(rawValue: $0) == nil }
          return (nouns.contains(candidate) && !(candidate == "square" && after == "table"))
            || nouns.contains(String(candidate.dropLast()))
        }?.element
        #expect(noun?.hasSuffix("s") == !isOne, "\(word) … \(noun ?? "") in \(caption.text)")
      }
    }
    for (_, caption) in captions(2000) where caption.text.contains("there ") {
      let isPlural = caption.text.contains("there are ")
      let after = caption.text.components(separatedBy: isPlural ? "there are " : "there is ")[1]
      let first = after.prefix { $0 != " " }
      #expect(["a", "an", "one", "1"].contains(first) != isPlural, "\(caption.text)")
    }
  }

  /// A word that no caption has would get no training.
  @Test func everyWordIsUsedAndTheListIsClosed() {
    var used: Set<Int> = []
    for sample in 0..<6000 {
      let scene = SceneGrammar.drawTraining(noise(sample))
      used.formUnion(SceneVocabulary.tokens(SceneCaptions.caption(scene, noise(sample)).text).indices)
    }
    let words = SceneVocabulary.words
    #expect(words == words.sorted() && Set(words).count == words.count && words.count < 120)
    let unused = words.indices.filter { !used.contains($0) }.map { words[$0] }
    #expect(unused.isEmpty, "\(unused)")
  }

  @Test func wordingsVary() {
    let scene = Scene(.table(SceneTable(colour: .black, shape: .round, chairs: 6)), background: .white)
    let texts = Set((0..<300).map { SceneCaptions.caption(scene, noise($0)).text })
    #expect(texts.count > 150)
    for sample in 0..<20 {
      #expect(SceneCaptions.caption(scene, noise(sample)) == SceneCaptions.caption(scene, noise(sample)))
    }
    let open = (0..<1000).filter { SceneCaptions.caption(scene, noise($0)).says.background == nil }.count
    #expect((430...570).contains(open))
  }

  @Test func tokensNameWhatIsUnknown() {
    let words = SceneVocabulary.words
    func known(_ text: String) -> [String] { SceneVocabulary.tokens(text).indices.map { words[$0] } }
    #expect(known("A BLACK table, with six chairs!") == ["a", "black", "table", "with", "six", "chairs"])
    #expect(known("light-blue, gray; violet\nzero") == ["light", "blue", "grey", "purple", "0"])
    let odd = SceneVocabulary.tokens("a beautiful black sofa, a beautiful 12")
    #expect(odd.unknown == ["beautiful", "sofa", "12"] && odd.leftOut == 0 && odd.indices.count == 3)
    let empty = CaptionVocabulary.Tokens(indices: [], unknown: [], leftOut: 0)
    for text in ["", "  \n\t", "…!?", "🪑"] { #expect(SceneVocabulary.tokens(text) == empty, "\(text)") }
    let long = SceneVocabulary.tokens(String(repeating: "red circle ", count: 5000))
    #expect(long.indices.count == SceneVocabulary.longestText && long.leftOut == 9976 && long.unknown.isEmpty)
    let foreign = SceneVocabulary.tokens("ein schwarzer Tisch mit sechs Stühlen, чёрный стол, 黒いテーブル")
    #expect(foreign.indices.isEmpty && foreign.unknown.count == 9)
  }
}
