import Foundation

/// As much of an EXIF block as the orientation tag needs; every offset in it is distrusted.
struct EXIF {
  private(set) var data: Data
  private let isBigEndian: Bool
  /// Position of the orientation value and whether it is a LONG, if the first directory holds one.
  private let orientationField: (position: Int, isLong: Bool)?

  /// Nil if the data does not begin with a TIFF header.
  init?(_ data: Data) {
    let bytes = [UInt8](data.prefix(8))
    guard bytes.count == 8 else { return nil }
    switch Array(bytes[..<4]) {
    case [0x49, 0x49, 42, 0]: isBigEndian = false
    case [0x4D, 0x4D, 0, 42]: isBigEndian = true
    default: return nil
    }
    self.data = Data(data)
    orientationField = Self.findOrientation(self.data, isBigEndian)
  }

  /// 1…8, or nil if absent or out of range.
  var orientation: Int? {
    guard let (position, isLong) = orientationField else { return nil }
    let value = Self.number(data, position, isLong ? 4 : 2, isBigEndian)
    return value.flatMap { (1...8).contains($0) ? $0 : nil }
  }

  /// Rewrites the tag in place if there is one.
  mutating func setOrientation(_ value: Int) {
    guard let (position, isLong) = orientationField else { return }
    let length = isLong ? 4 : 2
    for index in 0..<length { data[position + index] = 0 }
    data[isBigEndian ? position + length - 1 : position] = UInt8(value)
  }

  private static func findOrientation(_ data: Data, _ isBigEndian: Bool) -> (Int, Bool)? {
    guard let directory = number(data, 4, 4, isBigEndian), let count = number(data, directory, 2, isBigEndian)
    else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = number(data, entry, 2, isBigEndian), let type = number(data, entry + 2, 2, isBigEndian),
        let values = number(data, entry + 4, 4, isBigEndian), entry + 12 <= data.count
      else { return nil }
      let (short, long) = (3, 4)
      if tag == 0x0112, values == 1, type == short || type == long { return (entry + 8, type == long) }
    }
    return nil
  }

  private static func number(_ data: Data, _ position: Int, _ length: Int, _ isBigEndian: Bool) -> Int? {
    guard position >= 0, position + length <= data.count else { return nil }
    let bytes = data[position..<position + length]
    return (isBigEndian ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }
}

extension ImageMetadata {
  /// EXIF orientation, 1…8: how the stored picture must be turned to be upright. 1 if absent or invalid.
  public var orientation: Int { exif.flatMap { EXIF($0)?.orientation } ?? 1 }
}
