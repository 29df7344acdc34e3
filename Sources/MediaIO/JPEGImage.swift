import CJPEG
public import Foundation

extension Image {
  /// Decodes a JPEG picture, baseline or progressive: 8-bit grey or RGB.
  ///
  /// ICC profile, EXIF, JFIF density and the first comment (as the text `Comment`) are kept. The EXIF orientation
  /// is not applied: see ``oriented()``.
  ///
  /// - Throws: ``MediaError`` if the data is not JPEG, is damaged or cut short, is CMYK, or holds more than 2^31
  ///   samples.
  public init(jpegData data: Data, name: String = "JPEG data") throws {
    self = try data.withUnsafeBytes { bytes in
      guard let reader = cjpeg_reader_create(bytes.bytes, bytes.count) else {
        throw MediaError("no JPEG file", file: name)
      }
      defer { cjpeg_reader_free(reader) }
      return try Image(jpegReader: reader, name: name)
    }
  }

  private init(jpegReader reader: OpaquePointer, name: String) throws {
    func check(_ status: Int32) throws {
      if status == 0 { return }
      if cjpeg_reader_truncated(reader) != 0 {
        throw MediaError("the JPEG file is cut short", file: name, remedy: "a complete file is needed")
      }
      let message = String(cString: cjpeg_reader_message(reader))
      throw MediaError("damaged or unsupported JPEG file (\(message))", file: name)
    }

    var header = cjpeg_header()
    try check(cjpeg_reader_header(reader, &header))
    guard header.cmyk == 0 else {
      throw MediaError("a CMYK JPEG is not read", file: name, remedy: "convert it to RGB first")
    }
    guard let channels = Channels(rawValue: Int(header.channels)), channels == .grey || channels == .rgb
    else {
      throw MediaError(
        "the JPEG colour space is not read", file: name, remedy: "convert it to grey or RGB first")
    }
    let (width, height) = (Int(header.width), Int(header.height))
    try ImageLimits.check(width: width, height: height, channels: channels.count, file: name)
    // Taken before decoding: the reader owns what the header points to.
    let metadata = Self.metadata(header)
    let count = width * height * channels.count
    let samples = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try check(cjpeg_reader_rows(reader, buffer.baseAddress, width * channels.count, height))
      try check(cjpeg_reader_finish(reader))
      initialized = count
    }
    self.init(width: width, height: height, channels: channels, samples: .uint8(samples), metadata: metadata)
  }

  private static func metadata(_ header: cjpeg_header) -> ImageMetadata {
    var metadata = ImageMetadata()
    if let profile = header.icc { metadata.iccProfile = Data(bytes: profile, count: header.icc_length) }
    if let exif = header.exif {
      let data = Data(bytes: exif, count: header.exif_length)
      if EXIF(data) != nil { metadata.exif = data }
    }
    if let comment = header.comment {
      let bytes = UnsafeBufferPointer(start: comment, count: header.comment_length)
      let text = String(validating: bytes, as: UTF8.self) ?? Latin1.decode(bytes)
      metadata.texts = [ImageMetadata.Text(keyword: "Comment", value: text)]
    }
    if header.density_x > 0, header.density_y > 0 {
      let perMetre = header.density_per_cm != 0 ? 100 : 100 / 2.54
      metadata.pixelDensity = ImageMetadata.PixelDensity(
        x: Int((Double(header.density_x) * perMetre).rounded()),
        y: Int((Double(header.density_y) * perMetre).rounded()))
    }
    return metadata
  }

  /// Encodes an 8-bit grey or RGB picture as baseline JPEG, with ICC profile, EXIF, density (rounded to dots per
  /// centimetre) and the text `Comment`.
  ///
  /// - Parameters:
  ///   - quality: 1 (worst) … 100.
  ///   - isSubsampled: Halve the chroma in both directions (4:2:0) as usual, else keep it (4:4:4).
  /// - Throws: ``MediaError`` for alpha, 16 bits, sides over 65500, or metadata that does not fit a JPEG segment.
  public func jpegData(quality: Int, isSubsampled: Bool = true) throws -> Data {
    guard !channels.hasAlpha, case .uint8(let values) = samples else {
      throw MediaError(
        "JPEG holds neither alpha nor 16 bits", remedy: "write PNG, or convert to 8-bit grey or RGB first")
    }
    guard (1...100).contains(quality), max(width, height) <= 65500 else {
      throw MediaError(
        "\(width)×\(height) pixels at quality \(quality) cannot be written as JPEG",
        remedy: "sides of at most 65500, quality 1…100")
    }
    let exif = [UInt8](metadata.exif ?? Data())
    let profile = [UInt8](metadata.iccProfile ?? Data())
    let comment = Array((metadata.texts.first { $0.keyword == "Comment" }?.value ?? "").utf8)
    guard exif.count <= 65527, comment.count <= 65533, profile.count <= 255 * 65519 else {
      throw MediaError("EXIF, comment or ICC profile too long for JPEG", remedy: "remove it or write PNG")
    }
    guard let writer = cjpeg_writer_create() else { throw MediaError("libjpeg cannot be started") }
    defer { cjpeg_writer_free(writer) }

    let density = metadata.pixelDensity.flatMap { density in
      let (x, y) = ((density.x + 50) / 100, (density.y + 50) / 100)
      return (1...65535).contains(x) && (1...65535).contains(y) ? (x, y) : nil
    }
    var bytes: UnsafePointer<UInt8>?
    var length = 0
    let status = profile.withUnsafeBufferPointer { profile in
      exif.withUnsafeBufferPointer { exif in
        comment.withUnsafeBufferPointer { comment in
          var settings = cjpeg_settings(
            width: UInt32(width), height: UInt32(height), channels: Int32(channels.count),
            quality: Int32(quality), subsampled: isSubsampled ? 1 : 0,
            dots_per_cm_x: UInt32(density?.0 ?? 0), dots_per_cm_y: UInt32(density?.1 ?? 0),
            icc: profile.baseAddress, icc_length: profile.count, exif: exif.baseAddress,
            exif_length: exif.count, comment: comment.baseAddress, comment_length: comment.count)
          return cjpeg_writer_encode(writer, &settings, values, &bytes, &length)
        }
      }
    }
    guard status == 0, let bytes else {
      throw MediaError("JPEG cannot be written (\(String(cString: cjpeg_writer_message(writer))))")
    }
    return Data(bytes: bytes, count: length)
  }
}
