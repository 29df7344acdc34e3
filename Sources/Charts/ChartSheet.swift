public import Foundation

/// Small charts side by side, with one legend for all.
public struct ChartSheet: Sendable, Equatable {
  public var charts: [LineChart]
  /// Charts of a row.
  public var columns: Int
  /// Of one chart, in pixels of a PNG or points of an SVG.
  public var width: Int
  public var height: Int

  public init(_ charts: [LineChart], columns: Int, width: Int = 340, height: Int = 270) {
    self.charts = charts
    self.columns = max(1, columns)
    (self.width, self.height) = (width, height)
  }

  /// The sheet as a file.
  /// - Throws: `ChartError` where a chart has no finite point, for no chart, and where memory is short.
  public func file(_ format: LineChart.Format) throws -> Data {
    guard !charts.isEmpty else { throw ChartError(description: "the sheet has no chart") }
    let across = min(columns, charts.count)
    let names = Set(charts.flatMap(\.curves).map(\.name))
    let longest = Double(names.map(\.count).max() ?? 0)
    // Letters of this size are about 6.6 wide.
    let entryWidth = longest * 6.6 + 60
    let entries = max(1, Int((Double(across * width) - 24) / entryWidth))
    let legendHeight = Double((names.count + entries - 1) / entries) * 20 + 12
    let frames = try charts.enumerated().map { place, chart in
      try chart.frame(
        Double(width), Double(height),
        at: (Double(place % across * width), legendHeight + Double(place / across * height)))
    }
    let rows = (charts.count + across - 1) / across
    return try ChartFile.data(format, width: across * width, height: Int(legendHeight) + rows * height) {
      pen in
      pen.legend(of: charts, at: (24, 18)) { entry in
        (Double(entry % entries) * entryWidth, Double(entry / entries) * 20)
      }
      for (chart, frame) in zip(charts, frames) { chart.draw(frame, pen) }
    }
  }
}
