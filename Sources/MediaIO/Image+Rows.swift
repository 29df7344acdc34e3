extension Image {
  /// A copy of the rows `range` as a picture of their own, with the same metadata.
  /// - Precondition: `range` is not empty and lies in 0 ..< height.
  public func rows(_ range: Range<Int>) -> Image {
    let part = range.lowerBound * width * channels.count..<range.upperBound * width * channels.count
    let slice: Samples =
      switch samples {
      case .uint8(let values): .uint8(Array(values[part]))
      case .uint16(let values): .uint16(Array(values[part]))
      }
    return Image(width: width, height: range.count, channels: channels, samples: slice, metadata: metadata)
  }
}

extension Image.Samples {
  /// Joins samples of one depth; nothing happens where the depths differ.
  public mutating func append(_ other: Image.Samples) {
    switch (self, other) {
    case (.uint8(var values), .uint8(let more)):
      // The array must have one owner, or it would be copied.
      self = .uint8([])
      values += more
      self = .uint8(values)
    case (.uint16(var values), .uint16(let more)):
      self = .uint16([])
      values += more
      self = .uint16(values)
    default: return
    }
  }

  /// Leaves the first `count` values out.
  public mutating func removeFirst(_ count: Int) {
    switch self {
    case .uint8(var values):
      self = .uint8([])
      values.removeFirst(count)
      self = .uint8(values)
    case .uint16(var values):
      self = .uint16([])
      values.removeFirst(count)
      self = .uint16(values)
    }
  }
}
