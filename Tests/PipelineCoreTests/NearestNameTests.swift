import Testing

@testable import PipelineCore

struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("model", "modle", 1), ("kitten", "sitting", 3),
    ("ca", "abc", 2),  // the restricted distance would say 3
    ("a cat", "an abct", 3), ("flaw", "lawn", 2), ("größe", "grosse", 3),
  ])
  func distances(_ a: String, _ b: String, _ expected: Int) {
    #expect(NearestName.distance(a, b) == expected)
    #expect(NearestName.distance(b, a) == expected)
  }

  @Test func nearest() {
    let known = ["super-resolution", "speech", "digits"]
    #expect(NearestName.nearest(to: "super", among: known) == "super-resolution")
    #expect(NearestName.nearest(to: "SPEECH", among: known) == "speech")
    #expect(NearestName.nearest(to: "digit", among: known) == "digits")
    #expect(NearestName.nearest(to: "x", among: []) == nil)
  }

  @Test func messages() {
    #expect(
      NearestName.unknown("key", "modle", known: ["model"]) == "unknown key 'modle'; did you mean 'model'?")
    #expect(
      NearestName.unknown("task", "zebra", known: ["b", "alpha"], listing: true)
        == "unknown task 'zebra'; the nearest known one is 'alpha' (known: alpha, b)")
    #expect(NearestName.unknown("model", "x", known: []) == "unknown model 'x'; none is known here")
    // A name of a million letters neither fills the line nor takes a million squared steps.
    #expect(NearestName.unknown("key", String(repeating: "x", count: 1_000_000), known: ["a"]).count < 130)
  }
}
