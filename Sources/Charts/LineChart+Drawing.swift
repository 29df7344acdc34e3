public import Foundation

extension LineChart {
  /// The chart as a file.
  /// - Parameters:
  ///   - width: pixels of a PNG, points of an SVG.
  ///   - height: likewise.
  /// - Throws: `ChartError` for a chart without a finite point, and where memory is short.
  public func file(_ format: Format, width: Int = 720, height: Int = 460) throws -> Data {
    let frame = try fileFrame(width, height)
    return try ChartFile.data(format, width: width, height: height) { pen in
      draw(frame, pen)
      pen.legend(of: [self], at: (frame.right + 16, frame.top + 10)) { (0, Double($0) * 20) }
    }
  }

  /// With room for the legend at the right.
  func fileFrame(_ width: Int, _ height: Int) throws -> Frame {
    var frame = try frame(Double(width), Double(height))
    frame.right -= 180
    return frame
  }

  /// From what is drawn to where it is drawn.
  struct Frame {
    /// As the axes' scales have them.
    var x: ClosedRange<Double>
    var y: ClosedRange<Double>
    var scales: (x: Scale, y: Scale)
    /// Of the axes, within the file.
    var left, right, top, bottom: Double

    func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
      (
        left + (scales.x(point.x) - x.lowerBound) / (x.upperBound - x.lowerBound) * (right - left),
        bottom - (scales.y(point.y) - y.lowerBound) / (y.upperBound - y.lowerBound) * (bottom - top)
      )
    }
  }

  /// Of a chart that fills so much, with room for what stands at the axes.
  func frame(_ width: Double, _ height: Double, at origin: (x: Double, y: Double) = (0, 0)) throws -> Frame {
    let points = curves.flatMap(\.points).filter(isDrawn)
    let levels = points.flatMap { [$0.y - ($0.error ?? 0), $0.y, $0.y + ($0.error ?? 0)] }
    guard let x = Self.span(points.map { scales.x($0.x) }),
      let y = Self.span(levels.map(scales.y.callAsFunction).filter(\.isFinite))
    else { throw ChartError(description: "the chart has no finite point") }
    let shown = range.map { scales.y($0.lowerBound)...scales.y($0.upperBound) }
    return Frame(
      x: x, y: shown ?? y, scales: scales, left: origin.x + 64, right: origin.x + width - 20,
      top: origin.y + 44, bottom: origin.y + height - 56)
  }

  private func isDrawn(_ point: Point) -> Bool { scales.x(point.x).isFinite && scales.y(point.y).isFinite }

  /// A little more than all values; nil for none.
  private static func span(_ values: [Double]) -> ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let margin = high > low ? (high - low) * 0.04 : max(1, abs(high)) * 0.5
    return low - margin...high + margin
  }

  /// All but the legend.
  func draw(_ frame: Frame, _ pen: Pen) {
    let middle = (x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2)
    let (across, up) = (Int((frame.right - frame.left) / 58), Int((frame.bottom - frame.top) / 52))
    for (ticks, isAcross) in [
      (scales.x.ticks(frame.x, count: across), true), (scales.y.ticks(frame.y, count: up), false),
    ] {
      for tick in ticks {
        let corner = (x: frame.left, y: frame.bottom)
        let at = frame.place((tick.value, tick.value))
        let place = isAcross ? (x: at.x, y: corner.y) : (x: corner.x, y: at.y)
        pen.line(place, isAcross ? (at.x, frame.top) : (frame.right, at.y), Pen.pale, width: 1)
        if isAcross {
          pen.text(tick.text, (place.x, place.y + 18), anchor: 0.5)
        } else {
          pen.text(tick.text, (place.x - 8, place.y + 4), anchor: 1)
        }
      }
    }
    pen.line((frame.left, frame.bottom), (frame.right, frame.bottom), Pen.ink, width: 1)
    pen.line((frame.left, frame.bottom), (frame.left, frame.top), Pen.ink, width: 1)
    pen.text(title, (frame.left, frame.top - 18), anchor: 0, size: 15)
    pen.text(horizontal, (middle.x, frame.bottom + 42), anchor: 0.5)
    pen.text(vertical, (frame.left - 46, middle.y), anchor: 0.5, isUpwards: true)
    pen.clip(frame) {
      for curve in curves {
        let colour = curve.ink
        let points = curve.points.filter(isDrawn)
        let places = points.map { frame.place(($0.x, $0.y)) }
        pen.path(places, colour, isDashed: curve.isDashed)
        for (point, place) in zip(points, places) where !curve.isDashed && points.count <= Self.mostDots {
          pen.dot(place, colour)
          guard let error = point.error else { continue }
          // On a logarithmic axis a bar that reaches 0 goes to the axis.
          let ends = [point.y - error, point.y + error].map { level in
            scales.y(level).isFinite ? frame.place((point.x, level)) : (place.x, frame.bottom)
          }
          pen.line(ends[0], ends[1], colour, width: 1.5)
        }
      }
    }
  }

  /// A curve with more points is a path, whose points are nothing by themselves.
  private static let mostDots = 20
}
