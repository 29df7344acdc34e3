internal import CCairo

/// Lines and letters on a Cairo surface.
struct Pen {
  typealias Place = (x: Double, y: Double)
  typealias Colour = (red: Double, green: Double, blue: Double)

  static let ink = (red: 0.2, green: 0.2, blue: 0.2)
  static let pale = (red: 0.88, green: 0.88, blue: 0.88)

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
    _ text: String, _ place: Place, anchor: Double, size: Double = 12, isUpwards: Bool = false
  ) {
    use(Self.ink)
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

  /// What `draw` draws within the axes, and a little beyond so that dots on an axis are whole.
  func clip(_ frame: LineChart.Frame, _ draw: () -> Void) {
    cairo_save(cairo)
    cairo_rectangle(
      cairo, frame.left - 5, frame.top - 5, frame.right - frame.left + 10, frame.bottom - frame.top + 10)
    cairo_clip(cairo)
    draw()
    cairo_restore(cairo)
  }

  /// Each name once, with its line.
  /// - Parameter offset: of each entry from `place`.
  func legend(of charts: [LineChart], at place: Place, offset: (_ entry: Int) -> Place) {
    var named: [String] = []
    for curve in charts.flatMap(\.curves) where !named.contains(curve.name) {
      let shift = offset(named.count)
      let start = (x: place.x + shift.x, y: place.y + shift.y)
      path([start, (start.x + 24, start.y)], curve.ink, isDashed: curve.isDashed)
      text(curve.name, (start.x + 32, start.y + 4), anchor: 0)
      named.append(curve.name)
    }
  }
}

extension LineChart.Curve {
  var ink: Pen.Colour { LineChart.colours[colour % LineChart.colours.count] }
}
