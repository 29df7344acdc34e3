import Foundation
import MediaIO
import Testing

@testable import Charts

@Suite struct LineChartTests {
  private let chart = LineChart(
    "a title", horizontal: "guidance", vertical: "right (%)",
    curves: [
      .init("rising", [.init(0, 0), .init(1, 50, error: 5), .init(2, 100)], colour: 0),
      .init("level", [.init(0, 80), .init(2, 80)], colour: 1, isDashed: true),
    ], range: 0...100)

  @Test("ticks are round numbers within the range")
  func ticks() {
    #expect(AxisTicks(0...100, count: 5).values == [0, 20, 40, 60, 80, 100])
    #expect(AxisTicks(0.93...3.07, count: 4).values == [1, 2, 3])
    let fine = AxisTicks(0.101...0.119, count: 5)
    #expect(fine.values.map { ($0 * 1000).rounded() } == [105, 110, 115] && fine.digits == 3)
  }

  @Test("a PNG has each curve's colour at its points, and white beside them")
  func pixels() throws {
    let image = try Image(decoding: chart.file(.png, width: 720, height: 460), name: "chart")
    guard case .uint8(let samples) = image.samples else { Issue.record("8 bits are wanted"); return }
    let frame = try chart.fileFrame(720, 460)
    func colour(_ x: Double, _ y: Double) -> [Int] {
      let place = frame.place((x, y))
      let start = (Int(place.y) * image.width + Int(place.x)) * image.channels.count
      return (0..<3).map { Int(samples[start + $0]) }
    }
    let blue = LineChart.colours[0]
    let expected = [blue.red, blue.green, blue.blue].map { Int(($0 * 255).rounded()) }
    for (x, y) in [(0.0, 0.0), (1, 50), (2, 100)] {
      #expect(zip(colour(x, y), expected).allSatisfy { abs($0 - $1) <= 2 })
    }
    #expect(colour(0.33, 61) == [255, 255, 255])
    // The bar of the error, and nothing beyond it.
    #expect(colour(1, 54.5) != [255, 255, 255] && colour(1.06, 70) == [255, 255, 255])
  }

  @Test("an SVG is one, and a level's line is dashed in it")
  func svg() throws {
    func text(_ chart: LineChart) throws -> String { try String(decoding: chart.file(.svg), as: UTF8.self) }
    let whole = try text(chart)
    #expect(whole.contains("<svg") && whole.contains("</svg>") && whole.contains("stroke-dasharray"))
    var curve = chart
    curve.curves.removeLast()
    #expect(try !text(curve).contains("stroke-dasharray"))
  }

  @Test("a chart without a finite point is refused")
  func empty() {
    let bare = LineChart(
      "t", horizontal: "x", vertical: "y", curves: [.init("a", [.init(0, .nan)], colour: 0)])
    #expect(throws: ChartError.self) { try bare.file(.png) }
  }

  @Test("a logarithmic axis has round numbers, as many as there is room for, and no place for 0")
  func logarithms() throws {
    func values(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
      LineChart.Scale.logarithmic.ticks(range, count: count).map(\.value)
    }
    #expect(values(0.9...2.1, 4) == [10, 20, 50, 100])
    #expect(values(0.9...2.6, 4) == [10, 30, 100, 300])
    #expect(values(0.9...4.6, 4) == [10, 100, 1000, 10_000])
    #expect(values(1.34...1.66, 4) == [30, 40])
    let curve = LineChart.Curve("a", [.init(10, 1), .init(100, 2), .init(1000, 3), .init(0, 9)], colour: 0)
    let chart = LineChart(
      "t", horizontal: "x", vertical: "y", curves: [curve], scales: (.logarithmic, .linear))
    let frame = try chart.frame(400, 300)
    let places = [10.0, 100, 1000].map { frame.place(($0, 1)).x }
    #expect(abs((places[1] - places[0]) - (places[2] - places[1])) < 1e-9)
    // The point without a place does not count.
    #expect(frame.y.upperBound < 4)
  }

  @Test("a sheet has every chart in a cell of its own, and each name once")
  func sheet() throws {
    let sheet = ChartSheet([chart, chart, chart], columns: 2, width: 300, height: 200)
    let image = try Image(decoding: sheet.file(.png), name: "sheet")
    guard case .uint8(let samples) = image.samples else { Issue.record("8 bits are wanted"); return }
    // Two names in one line above two rows.
    #expect(image.width == 600 && image.height == 400 + 32)
    func hasInk(_ column: Int, _ row: Int) -> Bool {
      (32 + row * 200..<32 + row * 200 + 200).contains { y in
        (column * 300..<column * 300 + 300).contains { x in
          samples[(y * image.width + x) * image.channels.count] < 100
        }
      }
    }
    #expect(hasInk(0, 0) && hasInk(1, 0) && hasInk(0, 1) && !hasInk(1, 1))
    let text = try String(decoding: sheet.file(.svg), as: UTF8.self)
    #expect(text.contains("</svg>"))
    #expect(throws: ChartError.self) { try ChartSheet([], columns: 2).file(.png) }
  }
}
