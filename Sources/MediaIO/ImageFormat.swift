public import Foundation

/// Picture formats that are read, told apart by their first bytes.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"

  /// The format of a file that begins with `data`.
  ///
  /// - Throws: ``MediaError`` that names the format found, if it is a known one, and those that are read.
  public init(sniffing data: Data, name: String) throws {
    let start = [UInt8](data.prefix(16))
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
    func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }

    if begins([0x89] + Array("PNG".utf8)) {
      self = .png
      return
    }
    if begins([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
      return
    }
    let remedy = "supported are " + Self.allCases.map(\.rawValue).joined(separator: " and ")
    guard !data.isEmpty else { throw MediaError("the file is empty", file: name, remedy: remedy) }

    let brand = begins("ftyp", at: 4) ? String(decoding: start.dropFirst(8).prefix(4), as: UTF8.self) : ""
    let found: String? =
      if begins("GIF8") {
        "GIF"
      } else if begins("RIFF") && begins("WEBP", at: 8) {
        "WebP"
      } else if brand.hasPrefix("avi") {
        "AVIF"
      } else if brand.hasPrefix("hei") || brand.hasPrefix("hev") || brand == "mif1" {
        "HEIF"
      } else if begins([0x49, 0x49, 42, 0]) || begins([0x4D, 0x4D, 0, 42]) || begins([0x49, 0x49, 43, 0]) {
        "TIFF"
      } else if begins("%PDF") {
        "PDF"
      } else if begins("8BPS") {
        "Photoshop"
      } else if begins([0, 0, 0, 12]) && begins("jP  ", at: 4) {
        "JPEG 2000"
      } else if begins([0xFF, 0x0A]) || (begins([0, 0, 0, 12]) && begins("JXL ", at: 4)) {
        "JPEG XL"
      } else if begins([0x76, 0x2F, 0x31, 0x01]) {
        "OpenEXR"
      } else if begins("qoif") {
        "QOI"
      } else if begins([0, 0, 1, 0]) {
        "Windows icon"
      } else if begins("<svg") || begins("<?xml") {
        "SVG or XML"
      } else if begins("<!DOC") || begins("<html") {
        "HTML"
      } else if begins([0x50, 0x4B, 3, 4]) {
        "ZIP"
      } else if begins("P"), start.count > 2, (0x31...0x37).contains(start[1]),
        [9, 10, 13, 32].contains(start[2])
      {
        "PNM"
      } else if begins("BM") {
        "BMP"
      } else {
        nil
      }
    let what = found.map { "\($0) files are not read" } ?? "not a picture in a known format"
    throw MediaError(what, file: name, remedy: remedy)
  }
}

extension Image {
  /// Decodes a picture in any supported format, whatever its file is called.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError``, also for formats that are not read.
  public init(decoding data: Data, name: String) throws {
    switch try ImageFormat(sniffing: data, name: name) {
    case .png: try self.init(pngData: data, name: name)
    case .jpeg: try self.init(jpegData: data, name: name)
    }
  }

  /// Reads a picture file in any supported format.
  ///
  /// - Throws: ``MediaError``, also if the file is missing, unreadable, empty or a directory.
  public init(contentsOf url: URL) throws {
    try self.init(decoding: FileBytes.read(url), name: url.path)
  }
}
