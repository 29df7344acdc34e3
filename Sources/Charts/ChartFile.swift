internal import CCairo
internal import Foundation

/// Why a chart was not drawn.
public struct ChartError: Error, CustomStringConvertible {
  public let description: String
}

/// A drawing as the bytes of a file.
enum ChartFile {
  /// - Throws: `ChartError` where memory is short.
  static func data(_ format: LineChart.Format, width: Int, height: Int, _ draw: (Pen) -> Void) throws -> Data
  {
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
    pen.fill((1, 1, 1))
    draw(pen)
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
