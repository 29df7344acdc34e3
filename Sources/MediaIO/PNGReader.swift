import CPNG
public import Foundation

/// Reads a PNG picture row by row, so that a picture need not fit into memory.
///
/// Palettes, tRNS and depths below 8 are expanded; grey stays grey and 16 bits stay 16 bits. No gamma or colour
/// management is applied: ``metadata`` says what the file says. Animated PNG is refused.
public final class PNGReader {
  public let header: PNGHeader
  /// Complete once all rows are read: chunks may also follow the samples.
  public private(set) var metadata: ImageMetadata
  public private(set) var rowsRead = 0

  private let reader: OpaquePointer
  private let source: PNGSource
  private let name: String
  /// The whole picture, for interlaced files from the first row on.
  private var interlaced: [UInt8]?

  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the data is not PNG, is damaged, animated or absurdly large.
  public convenience init(data: Data, name: String = "PNG data") throws {
    try self.init(source: PNGSource(.data(data)), byteCount: data.count, name: name)
  }

  /// Reads from a file as rows are asked for.
  ///
  /// - Throws: ``MediaError`` as ``init(data:name:)``, and if the file cannot be opened.
  public convenience init(contentsOf url: URL) throws {
    guard let file = fopen(url.path, "rbe") else {
      throw FileBytes.failure("cannot be opened", errno, url.path)
    }
    try self.init(source: PNGSource(.file(file)), byteCount: nil, name: url.path)
  }

  init(source: PNGSource, byteCount: Int?, name: String) throws {
    let context = Unmanaged.passUnretained(source).toOpaque()
    guard let reader = cpng_reader_create(PNGSource.callback, context) else {
      throw MediaError("libpng cannot be started", file: name)
    }
    do {
      header = try Self.readHeader(reader, source, byteCount: byteCount, name: name)
    } catch {
      cpng_reader_free(reader)
      throw error
    }
    self.reader = reader
    self.source = source
    self.name = name
    metadata = Self.metadata(of: reader)
  }

  deinit { cpng_reader_free(reader) }

  private static func readHeader(
    _ reader: OpaquePointer, _ source: PNGSource, byteCount: Int?, name: String
  ) throws -> PNGHeader {
    var raw = cpng_header()
    guard cpng_reader_header(reader, &raw) == 0 else { throw failure(reader, source, name) }
    guard raw.animated == 0 else {
      throw MediaError(
        "an animated PNG is not a single picture", file: name, remedy: "save one frame as a plain PNG")
    }
    guard let channels = Image.Channels(rawValue: Int(raw.channels)) else {
      throw MediaError("unknown PNG colour type", file: name)
    }
    let (width, height) = (Int(raw.width), Int(raw.height))
    guard max(width, height) <= PNGHeader.longestSide else {
      throw MediaError(
        "\(width)×\(height) pixels are too many", file: name,
        remedy: "at most \(PNGHeader.longestSide) a side are read")
    }
    if raw.interlaced != 0 {
      try ImageLimits.check(width: width, height: height, channels: channels.count, file: name)
    }
    // Deflate shrinks at most 1032-fold: a file too short for its own size is refused before memory is taken.
    if let byteCount, raw.file_row_bytes * UInt64(height) / 1032 > UInt64(byteCount) {
      throw MediaError(
        "the PNG file is cut short: \(byteCount) bytes cannot hold \(width)×\(height) pixels", file: name,
        remedy: "a complete file is needed")
    }
    return PNGHeader(
      width: width, height: height, channels: channels, bitDepth: Int(raw.bit_depth),
      isInterlaced: raw.interlaced != 0)
  }

  /// The next rows, from the top: `[rows, width, channels]`, fewer than `count` at the end and none after it.
  ///
  /// - Throws: ``MediaError`` if the file is damaged or cut short; no more rows can be read then.
  public func readRows(_ count: Int) throws -> Image.Samples {
    let rows = min(max(count, 0), header.height - rowsRead)
    let samples = rows * header.rowSamples
    if header.bitDepth == 8 {
      return .uint8(try Self.array(samples) { try read(rows, into: $0) })
    }
    return .uint16(try Self.array(samples) { try read(rows, into: $0) })
  }

  private static func array<Element>(
    _ count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows -> [Element] {
    try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      try fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[...]))
      initialized = count
    }
  }

  private func read(_ rows: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard rows > 0, let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let stride = header.rowBytes
    if header.isInterlaced {
      try readInterlaced(rows, into: base)
    } else {
      guard cpng_reader_rows(reader, base, stride, rows) == 0 else { throw failure() }
    }
    rowsRead += rows
    guard rowsRead == header.height else { return }
    interlaced = nil
    guard cpng_reader_finish(reader) == 0 else { throw failure() }
    metadata = Self.metadata(of: reader)
  }

  private func readInterlaced(_ rows: Int, into base: UnsafeMutablePointer<UInt8>) throws {
    let stride = header.rowBytes
    if rows == header.height {
      guard cpng_reader_interlaced(reader, base, stride) == 0 else { throw failure() }
      return
    }
    if interlaced == nil {
      var whole = [UInt8](repeating: 0, count: stride * header.height)
      guard cpng_reader_interlaced(reader, &whole, stride) == 0 else { throw failure() }
      interlaced = whole
    }
    interlaced?.withUnsafeBufferPointer { whole in
      guard let start = whole.baseAddress else { return }
      base.update(from: start + rowsRead * stride, count: rows * stride)
    }
  }

  private func failure() -> MediaError { Self.failure(reader, source, name) }

  private static func failure(_ reader: OpaquePointer, _ source: PNGSource, _ name: String) -> MediaError {
    if source.systemError != 0 { return FileBytes.failure("cannot be read", source.systemError, name) }
    if cpng_reader_truncated(reader) != 0 {
      return MediaError("the PNG file is cut short", file: name, remedy: "a complete file is needed")
    }
    let message = String(cString: cpng_reader_message(reader))
    return MediaError("damaged PNG file (\(message))", file: name, remedy: "an intact file is needed")
  }
}
