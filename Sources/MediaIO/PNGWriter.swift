import CPNG

/// Writes a PNG picture row by row. The same rows and metadata always give the same bytes (no tIME chunk).
public final class PNGWriter {
  /// Takes finished bytes, in order.
  public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  public let header: PNGHeader
  public private(set) var rowsWritten = 0

  private let writer: OpaquePointer
  private let output: Output
  private let name: String

  /// zlib's level when none is asked for. With adaptive filters it packs photographs as tightly as level 6 (within
  /// 11 %, more often tighter) in a third of the time: about 30 MB of samples a second on one core.
  public static let defaultCompressionLevel = 3

  /// Writes the header and all metadata to `sink`.
  ///
  /// An embedded ICC profile replaces the sRGB chunk; one that contradicts the channels, and an EXIF block that is
  /// not one, are left out.
  ///
  /// - Parameters:
  ///   - header: Always written without interlacing.
  ///   - compressionLevel: zlib's, 0 (none) … 9 (slowest).
  ///   - name: What errors call the file.
  /// - Throws: ``MediaError`` if the header or metadata do not fit PNG, and what `sink` throws.
  public init(
    header: PNGHeader, metadata: ImageMetadata = ImageMetadata(),
    compressionLevel: Int = PNGWriter.defaultCompressionLevel, name: String = "PNG data",
    sink: @escaping Sink
  ) throws {
    guard (1...PNGHeader.longestSide).contains(header.width),
      (1...PNGHeader.longestSide).contains(header.height),
      header.bitDepth == 8 || header.bitDepth == 16, (0...9).contains(compressionLevel)
    else {
      throw MediaError(
        "\(header.width)×\(header.height) pixels of \(header.bitDepth) bits at level \(compressionLevel) cannot "
          + "be written as PNG", file: name,
        remedy: "sides of 1…\(PNGHeader.longestSide), 8 or 16 bits, level 0…9")
    }
    let output = Output(sink)
    guard let writer = cpng_writer_create(Output.callback, Unmanaged.passUnretained(output).toOpaque()) else {
      throw MediaError("libpng cannot be started", file: name)
    }
    self.header = header
    self.writer = writer
    self.output = output
    self.name = name
    try check(
      cpng_writer_header(
        writer, UInt32(header.width), UInt32(header.height), Int32(header.channels.count),
        Int32(header.bitDepth), Int32(compressionLevel)) == 0)
    try check(try Self.setMetadata(metadata, writer, name: name))
    try check(try Self.start(metadata, writer, name: name))
  }

  deinit { cpng_writer_free(writer) }

  /// Appends rows: `[rows, width, channels]` of the header's bit depth.
  ///
  /// - Throws: ``MediaError`` if they are of the wrong depth, not whole rows or too many; what the sink throws.
  public func writeRows(_ samples: Image.Samples) throws {
    switch samples {
    case .uint8(let values): try values.withUnsafeBytes { try write($0, count: values.count, depth: 8) }
    case .uint16(let values): try values.withUnsafeBytes { try write($0, count: values.count, depth: 16) }
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, count: Int, depth: Int) throws {
    let rows = count / header.rowSamples
    guard depth == header.bitDepth, rows * header.rowSamples == count, rowsWritten + rows <= header.height
    else {
      throw MediaError(
        "\(count) samples of \(depth) bits given", file: name,
        remedy: "at most \(header.height - rowsWritten) rows of \(header.rowSamples) samples of "
          + "\(header.bitDepth) bits are due")
    }
    try check(cpng_writer_rows(writer, bytes.bytes, header.rowBytes, rows) == 0)
    rowsWritten += rows
  }

  /// Writes the end of the file; call it once, after the last row.
  ///
  /// - Throws: ``MediaError`` if rows are missing; what the sink throws.
  public func finish() throws {
    guard rowsWritten == header.height else {
      throw MediaError("\(rowsWritten) of \(header.height) rows were written", file: name)
    }
    try check(cpng_writer_finish(writer) == 0)
  }

  private func check(_ succeeded: Bool) throws {
    if succeeded { return }
    if let error = output.error { throw error }
    throw MediaError("PNG cannot be written (\(String(cString: cpng_writer_message(writer))))", file: name)
  }
}

/// Carries the sink, and the error it threw, past libpng's C frames.
private final class Output {
  let sink: PNGWriter.Sink
  var error: (any Error)?

  init(_ sink: @escaping PNGWriter.Sink) { self.sink = sink }

  static let callback: cpng_write_function = { context, bytes, count in
    guard let context else { return -1 }
    let output = Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
    do {
      try output.sink(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    } catch {
      output.error = error
      return -1
    }
  }
}
