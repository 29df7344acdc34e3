import Foundation

/// Pages of an Ogg file (RFC 3533).
enum OggPages {
  /// The ranges of the pages that follow one another from the start; the last may reach beyond the end.
  private static func pages(_ bytes: [UInt8]) -> [Range<Int>] {
    var pages: [Range<Int>] = []
    var start = 0
    while start + 27 <= bytes.count, bytes[start..<start + 4].elementsEqual("OggS".utf8) {
      let body = start + 27 + Int(bytes[start + 26])
      let lengths = bytes[min(start + 27, bytes.count)..<min(body, bytes.count)]
      pages.append(start..<lengths.reduce(body) { $0 + Int($1) })
      start = pages[pages.count - 1].upperBound
    }
    return pages
  }

  /// Bytes of the whole pages at the start.
  static func wholePages(_ data: Data) -> Int {
    pages([UInt8](data)).last { $0.upperBound <= data.count }?.upperBound ?? 0
  }

  /// Gives every page of a single logical stream the same serial number in each run: encoders draw it at random,
  /// and equal sounds should be equal files.
  static func withFixedSerialNumber(_ data: Data) -> Data {
    var bytes = [UInt8](data)
    for page in pages(bytes) {
      guard page.upperBound <= bytes.count else { return data }
      store(1, in: &bytes, at: page.lowerBound + 14)
      store(0, in: &bytes, at: page.lowerBound + 22)
      store(checksum(bytes[page]), in: &bytes, at: page.lowerBound + 22)
    }
    return Data(bytes)
  }

  private static func store(_ value: UInt32, in bytes: inout [UInt8], at position: Int) {
    for index in 0..<4 { bytes[position + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { value, _ in value << 1 ^ (value >> 31 == 1 ? 0x04C1_1DB7 : 0) }
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let table = table
    return bytes.reduce(0) { $0 << 8 ^ table[Int(UInt8($0 >> 24) ^ $1)] }
  }
}
