import Testing
import Torch

@testable import TextToImageTask

/// Any text gets an answer that is true.
struct AskedCaptionTests {
  @Test func whatIsKnownNeedsNoNotice() {
    let caption = AskedCaption("A black table with 6 chairs.")
    #expect(caption.notices.isEmpty && caption.words.count == 6)
  }

  @Test func whatIsNotKnownIsNamed() {
    let unknown = AskedCaption("a shiny black table with 6 chairs")
    #expect(unknown.notices.count == 1 && unknown.notices[0].contains("'shiny'"))
    let foreign = AskedCaption("ein schwarzer Tisch mit sechs Stühlen")
    #expect(foreign.words.isEmpty && foreign.notices.count == 1)
    #expect(foreign.notices[0].contains("no word of 'ein schwarzer Tisch mit sechs Stühlen' is known"))
  }

  @Test func whatWasNotLearnedIsSaid() {
    #expect(AskedCaption("a black table with 12 chairs").notices.contains { $0.contains("12 chairs") })
    #expect(
      AskedCaption("a red circle and a blue star").notices.contains { $0.contains("not of what was learned") }
    )
  }

  @Test func tenThousandWordsAreCut() {
    let caption = AskedCaption(Array(repeating: "red", count: 10_000).joined(separator: " "))
    #expect(caption.words.count == SceneVocabulary.longestText)
    #expect(caption.notices.contains { $0.contains("9976 words more") })
    #expect(caption.notices.allSatisfy { $0.count < 400 })
  }

  @Test func captionsComeOneALine() {
    #expect(
      AskedCaption.lines(of: " a red circle \n\n\ttwo blue stars\r\n") == ["a red circle", "two blue stars"])
    #expect(AskedCaption.lines(of: " \n ") == nil)
  }

  /// Without a caption, one is drawn that needs no notice.
  @Test func drawnCaptionsAreOfTheGrammar() {
    for sample in 0..<50 {
      let caption = AskedCaption(
        AskedCaption.drawn(
          KeyedNoise(seed: 1, sample: UInt64(sample), step: 0, stream: "caption"), of: nil))
      #expect(caption.notices.isEmpty, "\(caption.text)")
    }
  }
}
