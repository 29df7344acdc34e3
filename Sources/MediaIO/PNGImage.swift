public import Foundation

extension Image {
  /// Decodes a whole PNG picture; see ``PNGReader`` for what is expanded and what is kept.
  ///
  /// - Throws: ``MediaError`` if the data is not PNG, is damaged, animated, or holds more than 2^31 samples.
  public init(pngData data: Data, name: String = "PNG data") throws {
    let reader = try PNGReader(data: data, name: name)
    let header = reader.header
    try ImageLimits.check(
      width: header.width, height: header.height, channels: header.channels.count, file: name)
    let samples = try reader.readRows(header.height)
    self.init(
      width: header.width, height: header.height, channels: header.channels, samples: samples,
      metadata: reader.metadata)
  }

  /// Encodes as PNG with all metadata; the same picture always gives the same bytes.
  ///
  /// - Parameter compressionLevel: zlib's, 0 (none) … 9 (slowest).
  /// - Throws: ``MediaError`` if metadata or sides do not fit PNG.
  public func pngData(compressionLevel: Int = PNGWriter.defaultCompressionLevel) throws -> Data {
    var data = Data()
    let writer = try PNGWriter(
      header: PNGHeader(width: width, height: height, channels: channels, bitDepth: bitDepth),
      metadata: metadata, compressionLevel: compressionLevel
    ) { data.append(contentsOf: $0) }
    try writer.writeRows(samples)
    try writer.finish()
    return data
  }
}

extension ImageMetadata {
  /// What a PNG file says beside its samples, without holding these; nil for what is no PNG file.
  /// - Throws: ``MediaError`` for a damaged file.
  public init?(ofPNG file: URL) throws {
    guard let reader = try PNGReader(ifPNG: file) else { return nil }
    try reader.readToEnd()
    self = reader.metadata
  }
}

extension PNGReader {
  /// Reads from a regular file that begins as PNG files do; nil for any other, pipes included, which can be read only
  /// once.
  convenience init?(ifPNG file: URL) throws {
    var status = stat()
    guard stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let handle = try? FileHandle(forReadingFrom: file)
    else { return nil }
    let start = (try? handle.read(upToCount: 16)) ?? Data()
    try? handle.close()
    guard (try? ImageFormat(sniffing: start, name: file.path)) == .png else { return nil }
    try self.init(contentsOf: file)
  }

  /// Reads what is left and keeps none of it, so that damage is found and ``metadata`` complete.
  func readToEnd() throws {
    let step = max(1, (1 << 22) / header.rowSamples)
    while rowsRead < header.height { _ = try readRows(step) }
  }
}
