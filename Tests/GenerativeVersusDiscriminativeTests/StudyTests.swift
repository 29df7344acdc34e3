import Foundation
import MediaIO
import TestSupport
import Testing

@testable import GenerativeVersusDiscriminative

/// From tables and pictures to the page.
struct StudyTests {
  @Test("one page with its charts and figures, the same bytes for any number of threads")
  func page() throws {
    let small = try SmallStudy()
    let page = try small.page()
    let text = try String(contentsOf: page, encoding: .utf8)
    for words in [
      "## In short", "## Tables", "## Pictures", "### Abstention", "| two | 120 |", "| 40 |",
      "more are wrong with strangers",
    ] {
      #expect(text.contains(words), "the page lacks '\(words)'")
    }
    #expect(!text.contains("nan") && !text.contains("inf "))
    // Bright pictures at the left and at the right are told apart by anybody.
    #expect(text.contains("| 40 | 0.0 ± 0.0 | 0.0 ± 0.0 |"))
    for chart in ["tables", "pictures", "abstention"] {
      let png = small.output.appendingPathComponent("\(chart).png")
      #expect(try Image(contentsOf: png).width > 300)
      #expect(text.contains("](\(chart).png)"))
      let svg = try String(
        contentsOf: small.output.appendingPathComponent("\(chart).svg"), encoding: .utf8)
      #expect(svg.contains("</svg>"))
    }
    let csv = try String(
      contentsOf: small.output.appendingPathComponent("results.csv"), encoding: .utf8
    ).split(separator: "\n")
    #expect(csv[0] == "part,of,learner,size,figure,mean,standard error")
    #expect(csv.contains { $0.hasPrefix("tables,two,Gaussian naive Bayes,10,error,") })
    #expect(csv.contains { $0.hasPrefix("pictures,clean training pictures,mixture,40,\"error, noisy\",") })
    // A mixture wants two pictures a class.
    #expect(!csv.contains { $0.hasPrefix("pictures,clean training pictures,mixture,10") })

    let other = small.folder.url.appendingPathComponent("again")
    let again = try small.page(workers: 1, output: other)
    #expect(try Data(contentsOf: again) == Data(contentsOf: page))
    #expect(
      try Data(contentsOf: other.appendingPathComponent("results.csv"))
        == Data(contentsOf: small.output.appendingPathComponent("results.csv")))
    #expect(
      try !FileManager.default.contentsOfDirectory(atPath: other.path + "/results").contains {
        $0.hasPrefix("training")
      })
  }

  @Test("without tables and strangers the page says nothing about them")
  func parts() throws {
    let small = try SmallStudy()
    let text = try String(contentsOf: small.page(isWhole: false), encoding: .utf8)
    #expect(text.contains("## Pictures") && text.contains("`--foreign` names some"))
    #expect(!text.contains("## Tables") && !text.contains("refused") && !text.contains("outliers"))
    let files = try FileManager.default.contentsOfDirectory(atPath: small.output.path).sorted()
    #expect(
      files == [
        "README.md", "abstention.png", "abstention.svg", "pictures.png", "pictures.svg", "results",
        "results.csv",
      ])
  }

  @Test("what is done is not done again, unless the settings are others")
  func store() throws {
    let folder = try TemporaryFolder()
    let store = ResultStore(folder: folder.url)
    var made = 0
    func ask(_ settings: [Int]) throws -> Int {
      try store.result("a", settings: settings) {
        made += 1
        return made
      }
    }
    #expect(try ask([1]) == 1 && ask([1]) == 1 && ask([2]) == 2 && ask([2]) == 2)
    #expect(made == 2)
    try Data("{".utf8).write(to: folder.url.appendingPathComponent("a.json"))
    #expect(try ask([2]) == 3)
  }

  @Test func numbers() {
    #expect(Markdown.grouped(1_234_567) == "1,234,567" && Markdown.grouped(59) == "59")
    #expect(
      Markdown.rough(17_890) == "18,000" && Markdown.rough(45.4) == "45" && Markdown.rough(4.26) == "4.3")
    #expect(Markdown.percent((0.1234, 0.004)) == "12.3 ± 0.4" && Markdown.percent(nil) == "–")
    #expect(Markdown.list(["a", "b", "c"]) == "a, b and c" && Markdown.list([]) == "none")
    #expect(Markdown.table([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |")
  }
}
