/// A picture as plain values: rows from the top, samples interleaved, `[height, width, channels]`.
///
/// Colour samples are not premultiplied by alpha. 8-bit samples run over 0…255, 16-bit ones over 0…65535.
/// Palettes and depths below 8 bits are expanded when a picture is read.
public struct Image: Sendable, Equatable {
  /// What the channels mean, in the order in which they are interleaved.
  public enum Channels: Int, Sendable, CaseIterable {
    case grey = 1
    case greyAlpha = 2
    case rgb = 3
    case rgba = 4

    public var count: Int { rawValue }
    public var hasAlpha: Bool { self == .greyAlpha || self == .rgba }
    public var isColour: Bool { self == .rgb || self == .rgba }
  }

  public enum Samples: Sendable, Equatable {
    case uint8([UInt8])
    case uint16([UInt16])
  }

  public let width: Int
  public let height: Int
  public let channels: Channels
  public var samples: Samples
  public var metadata: ImageMetadata

  /// - Precondition: `samples` holds `width * height * channels.count` values and both sides are positive.
  public init(
    width: Int, height: Int, channels: Channels, samples: Samples,
    metadata: ImageMetadata = ImageMetadata()
  ) {
    let count =
      switch samples {
      case .uint8(let values): values.count
      case .uint16(let values): values.count
      }
    precondition(
      width > 0 && height > 0 && count == width * height * channels.count,
      "\(width)×\(height)×\(channels.count) samples expected, \(count) given")
    self.width = width
    self.height = height
    self.channels = channels
    self.samples = samples
    self.metadata = metadata
  }

  /// 8 or 16.
  public var bitDepth: Int {
    switch samples {
    case .uint8: 8
    case .uint16: 16
    }
  }
}
