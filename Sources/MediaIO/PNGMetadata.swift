import CPNG
import Foundation

extension PNGReader {
  static func metadata(of reader: OpaquePointer) -> ImageMetadata {
    var metadata = ImageMetadata()
    metadata.isSRGB = cpng_reader_has_srgb(reader) != 0
    let gamma = cpng_reader_gamma(reader)
    if let points = cpng_reader_cicp(reader) {
      metadata.codingPoints = (0..<4).map { points[$0] }
    }
    if gamma > 0 { metadata.gamma = Double(gamma) / 100_000 }
    if let values = cpng_reader_chromaticities(reader) {
      metadata.chromaticities = (0..<8).map { Double(values[$0]) / 100_000 }
    }
    var (x, y): (UInt32, UInt32) = (0, 0)
    if cpng_reader_density(reader, &x, &y) != 0 {
      metadata.pixelDensity = ImageMetadata.PixelDensity(x: Int(x), y: Int(y))
    }
    var length = 0
    if let profile = cpng_reader_icc(reader, &length) {
      metadata.iccProfile = Data(bytes: profile, count: length)
    }
    if let exif = cpng_reader_exif(reader, &length) {
      metadata.exif = Data(bytes: exif, count: length)
    }
    metadata.texts = (0..<cpng_reader_text_count(reader)).map { text(of: reader, at: $0) }
    return metadata
  }

  private static func text(of reader: OpaquePointer, at index: Int32) -> ImageMetadata.Text {
    var (keyword, text): (UnsafePointer<CChar>?, UnsafePointer<CChar>?) = (nil, nil)
    var length = 0
    var isUTF8: Int32 = 0
    cpng_reader_text(reader, index, &keyword, &text, &length, &isUTF8)
    let bytes = UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : length)
    return ImageMetadata.Text(
      keyword: keyword.map { Latin1.decode(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? "",
      value: isUTF8 != 0 ? String(decoding: bytes, as: UTF8.self) : Latin1.decode(bytes))
  }
}

/// ISO 8859-1, the character set of PNG's tEXt and zTXt.
enum Latin1 {
  static func decode(_ bytes: some Sequence<UInt8>) -> String {
    String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// The bytes if all characters are printable Latin-1 (or line feeds where allowed), else nil.
  static func encodePrintable(_ text: String, lineFeeds: Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 32...126, 161...255: bytes.append(UInt8(scalar.value))
      case 10 where lineFeeds: bytes.append(10)
      default: return nil
      }
    }
    return bytes
  }
}

extension PNGWriter {
  /// Texts longer than this are compressed.
  private static let compressedFrom = 1024

  static func setMetadata(_ metadata: ImageMetadata, _ writer: OpaquePointer, name: String) throws -> Bool {
    if let density = metadata.pixelDensity {
      guard let x = pngUnsigned(density.x), let y = pngUnsigned(density.y), x > 0, y > 0 else {
        throw MediaError("pixel density \(density.x)×\(density.y) does not fit PNG", file: name)
      }
      guard cpng_writer_density(writer, x, y) == 0 else { return false }
    }
    if let profile = metadata.iccProfile {
      // libpng leaves out a profile for another colour space (an RGB profile on a grey picture).
      guard profile.withUnsafeBytes({ cpng_writer_icc(writer, $0.bytes, $0.count) }) == 0 else {
        return false
      }
    }
    if let exif = metadata.exif, EXIF(exif) != nil {
      guard exif.withUnsafeBytes({ cpng_writer_exif(writer, $0.bytes, $0.count) }) == 0 else { return false }
    }
    for text in metadata.texts {
      guard try setText(text, writer, name: name) else { return false }
    }
    return true
  }

  private static func setText(
    _ text: ImageMetadata.Text, _ writer: OpaquePointer, name: String
  ) throws -> Bool {
    guard let keyword = Latin1.encodePrintable(text.keyword, lineFeeds: false),
      (1...79).contains(keyword.count),
      keyword.first != 32, keyword.last != 32, !text.keyword.contains("  ")
    else {
      throw MediaError(
        "‘\(text.keyword)’ cannot be a PNG text keyword", file: name,
        remedy: "1 to 79 Latin-1 characters without spaces at the ends or doubled")
    }
    guard !text.value.utf8.contains(0) else {
      throw MediaError("the text ‘\(text.keyword)’ holds a NUL character, which PNG cannot keep", file: name)
    }
    let latin1 = Latin1.encodePrintable(text.value, lineFeeds: true)
    let isLong = text.value.utf8.count > compressedFrom
    let (kind, value): (Int, [UInt8]) =
      if isLong {
        (CPNG_TEXT_UTF8_COMPRESSED, Array(text.value.utf8))
      } else if let latin1 {
        (CPNG_TEXT_LATIN1, latin1)
      } else {
        (CPNG_TEXT_UTF8, Array(text.value.utf8))
      }
    let status = (keyword + [0]).withUnsafeBufferPointer { keyword in
      (value + [0]).withUnsafeBufferPointer { value in
        keyword.withMemoryRebound(to: CChar.self) { keyword in
          value.withMemoryRebound(to: CChar.self) { value in
            cpng_writer_text(writer, keyword.baseAddress, value.baseAddress, Int32(kind))
          }
        }
      }
    }
    return status == 0
  }

  /// Writes the chunks before the samples.
  static func start(_ metadata: ImageMetadata, _ writer: OpaquePointer, name: String) throws -> Bool {
    var gamma: UInt32 = 0
    if let value = metadata.gamma {
      guard let units = pngUnits(value), units > 0 else {
        throw MediaError("gamma \(value) does not fit PNG", file: name)
      }
      gamma = UInt32(units)
    }
    // The standard wants at most one of iCCP and sRGB; the profile says more.
    let isSRGB: Int32 = metadata.isSRGB && metadata.iccProfile == nil ? 1 : 0
    let points = metadata.codingPoints
    guard points == nil || points?.count == 4 else {
      throw MediaError("coding points must be four bytes", file: name)
    }
    guard let chromaticities = metadata.chromaticities else {
      return cpng_writer_start(writer, isSRGB, gamma, nil, points) == 0
    }
    let units = chromaticities.compactMap(pngUnits)
    guard units.count == 8, chromaticities.count == 8 else {
      throw MediaError("chromaticities must be eight numbers within PNG's range", file: name)
    }
    return cpng_writer_start(writer, isSRGB, gamma, units, points) == 0
  }

  private static func pngUnsigned(_ value: Int) -> UInt32? {
    (0...Int(Int32.max)).contains(value) ? UInt32(value) : nil
  }

  /// In units of 1/100000.
  private static func pngUnits(_ value: Double) -> Int32? {
    let units = (value * 100_000).rounded()
    return units.magnitude < 0x1p31 ? Int32(units) : nil
  }
}

extension UnsafeRawBufferPointer {
  var bytes: UnsafePointer<UInt8>? { assumingMemoryBound(to: UInt8.self).baseAddress }
}
