internal import CCairo
public import Foundation

/// Why a chart was not drawn.
public struct ChartError: Error, CustomStringConvertible {
  public let description: String
}

extension LineChart {
  public enum Format: String, Sendable, CaseIterable {
    case png, svg
  }

  /// The chart as a file.
  /// - Parameters:
  ///   - width: pixels of a PNG, points of an SVG.
  ///   - height: likewise.
  /// - Throws: `ChartError` for a chart without a finite point, and where memory is short.
  public func file(_ format: Format, width: Int = 720, height: Int = 460) throws -> Data {
    let frame = try frame(Double(width), Double(height))
    let bytes = Bytes()
    let context = Unmanaged.passUnretained(bytes).toOpaque()
    let surface: OpaquePointer?
    switch format {
    case .png: surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    case .svg:
      surface = cairo_svg_surface_create_for_stream(Bytes.append, context, Double(width), Double(height))
    }
    guard let surface else { throw ChartError(description: "the chart could not be begun") }
    defer { cairo_surface_destroy(surface) }
    let pen = Pen(surface)
    draw(frame, pen)
    pen.finish()
    var status = cairo_surface_status(surface)
    if status == CAIRO_STATUS_SUCCESS, format == .png {
      status = cairo_surface_write_to_png_stream(surface, Bytes.append, context)
    }
    cairo_surface_finish(surface)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw ChartError(description: "the chart: \(String(cString: cairo_status_to_string(status)))")
    }
    return bytes.data
  }

  /// From what is drawn to where it is drawn.
  struct Frame {
    var x: ClosedRange<Double>
    var y: ClosedRange<Double>
    /// Of the axes, within the file.
    var left, right, top, bottom: Double

    func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
      (
        left + (point.x - x.lowerBound) / (x.upperBound - x.lowerBound) * (right - left),
        bottom - (point.y - y.lowerBound) / (y.upperBound - y.lowerBound) * (bottom - top)
      )
    }
  }

  func frame(_ width: Double, _ height: Double) throws -> Frame {
    let points = curves.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard let x = Self.span(points.map(\.x)),
      let y = Self.span(points.flatMap { [$0.y - ($0.error ?? 0), $0.y + ($0.error ?? 0)] })
    else { throw ChartError(description: "the chart has no finite point") }
    return Frame(x: x, y: range ?? y, left: 64, right: width - 200, top: 44, bottom: height - 56)
  }

  /// A little more than all values; nil for none.
  private static func span(_ values: [Double]) -> ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let margin = high > low ? (high - low) * 0.04 : max(1, abs(high)) * 0.5
    return low - margin...high + margin
  }

  private func draw(_ frame: Frame, _ pen: Pen) {
    pen.fill((1, 1, 1))
    let ink = (red: 0.2, green: 0.2, blue: 0.2)
    let pale = (red: 0.88, green: 0.88, blue: 0.88)
    let middle = (x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2)
    for (ticks, isAcross) in [(AxisTicks(frame.x, count: 8), true), (AxisTicks(frame.y, count: 7), false)] {
      for value in ticks.values {
        let text = String(format: "%.\(ticks.digits)f", value)
        let at = frame.place((isAcross ? value : frame.x.lowerBound, isAcross ? frame.y.lowerBound : value))
        pen.line(at, isAcross ? (at.x, frame.top) : (frame.right, at.y), pale, width: 1)
        if isAcross {
          pen.text(text, (at.x, at.y + 18), ink, anchor: 0.5)
        } else {
          pen.text(text, (at.x - 8, at.y + 4), ink, anchor: 1)
        }
      }
    }
    pen.line((frame.left, frame.bottom), (frame.right, frame.bottom), ink, width: 1)
    pen.line((frame.left, frame.bottom), (frame.left, frame.top), ink, width: 1)
    pen.text(title, (frame.left, frame.top - 18), ink, anchor: 0, size: 15)
    pen.text(horizontal, (middle.x, frame.bottom + 42), ink, anchor: 0.5)
    pen.text(vertical, (18, middle.y), ink, anchor: 0.5, isUpwards: true)
    var named: [String] = []
    for curve in curves {
      let colour = Self.colours[curve.colour % Self.colours.count]
      let points = curve.points.filter { $0.x.isFinite && $0.y.isFinite }
      let places = points.map { frame.place(($0.x, $0.y)) }
      pen.path(places, colour, isDashed: curve.isDashed)
      for (point, place) in zip(points, places) where !curve.isDashed && points.count <= Self.mostDots {
        pen.dot(place, colour)
        if let error = point.error {
          pen.line(
            frame.place((point.x, point.y - error)), frame.place((point.x, point.y + error)), colour,
            width: 1.5)
        }
      }
      guard !named.contains(curve.name) else { continue }
      let key = frame.top + 10 + Double(named.count) * 20
      pen.path([(frame.right + 16, key), (frame.right + 40, key)], colour, isDashed: curve.isDashed)
      pen.text(curve.name, (frame.right + 48, key + 4), ink, anchor: 0)
      named.append(curve.name)
    }
  }

  /// A curve with more points is a path, whose points are nothing by themselves.
  private static let mostDots = 20
}

/// What Cairo writes.
private final class Bytes {
  var data = Data()

  static let append: cairo_write_func_t = { context, bytes, count in
    guard let context, let bytes else { return CAIRO_STATUS_WRITE_ERROR }
    Unmanaged<Bytes>.fromOpaque(context).takeUnretainedValue().data.append(bytes, count: Int(count))
    return CAIRO_STATUS_SUCCESS
  }
}

/// Lines and letters on a Cairo surface.
private struct Pen {
  typealias Place = (x: Double, y: Double)
  typealias Colour = (red: Double, green: Double, blue: Double)

  private let cairo: OpaquePointer?

  init(_ surface: OpaquePointer) {
    cairo = cairo_create(surface)
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND)
  }

  func finish() { cairo_destroy(cairo) }

  private func use(_ colour: Colour) { cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue) }

  func fill(_ colour: Colour) {
    use(colour)
    cairo_paint(cairo)
  }

  func line(_ a: Place, _ b: Place, _ colour: Colour, width: Double) {
    use(colour)
    cairo_set_line_width(cairo, width)
    cairo_move_to(cairo, a.x, a.y)
    cairo_line_to(cairo, b.x, b.y)
    cairo_stroke(cairo)
  }

  func path(_ places: [Place], _ colour: Colour, isDashed: Bool) {
    guard let first = places.first else { return }
    use(colour)
    cairo_set_line_width(cairo, 2)
    cairo_set_dash(cairo, [6, 4], isDashed ? 2 : 0, 0)
    cairo_move_to(cairo, first.x, first.y)
    for place in places.dropFirst() { cairo_line_to(cairo, place.x, place.y) }
    cairo_stroke(cairo)
    cairo_set_dash(cairo, [], 0, 0)
  }

  func dot(_ place: Place, _ colour: Colour) {
    use(colour)
    cairo_new_sub_path(cairo)
    cairo_arc(cairo, place.x, place.y, 4, 0, 2 * .pi)
    cairo_fill(cairo)
  }

  /// - Parameter anchor: 0 where the text begins at the place, 1 where it ends there.
  func text(
    _ text: String, _ place: Place, _ colour: Colour, anchor: Double, size: Double = 12,
    isUpwards: Bool = false
  ) {
    use(colour)
    cairo_set_font_size(cairo, size)
    var extents = cairo_text_extents_t()
    cairo_text_extents(cairo, text, &extents)
    cairo_save(cairo)
    cairo_move_to(cairo, place.x, place.y)
    if isUpwards { cairo_rotate(cairo, -.pi / 2) }
    cairo_rel_move_to(cairo, -anchor * extents.x_advance, 0)
    cairo_show_text(cairo, text)
    cairo_restore(cairo)
  }
}
