/// The shape of a PNG picture as its rows are delivered.
public struct PNGHeader: Sendable, Equatable {
  /// Pixels, 1…1 000 000.
  public let width: Int
  public let height: Int
  public let channels: Image.Channels
  /// 8 or 16.
  public let bitDepth: Int
  /// Adam7: such a picture must be held in memory as a whole.
  public let isInterlaced: Bool

  public init(
    width: Int, height: Int, channels: Image.Channels, bitDepth: Int, isInterlaced: Bool = false
  ) {
    self.width = width
    self.height = height
    self.channels = channels
    self.bitDepth = bitDepth
    self.isInterlaced = isInterlaced
  }

  /// Samples in a row.
  public var rowSamples: Int { width * channels.count }
  var rowBytes: Int { rowSamples * bitDepth / 8 }

  static let longestSide = 1_000_000
}

/// What one picture in memory may hold.
enum ImageLimits {
  static let samples = 1 << 31

  /// - Throws: ``MediaError`` if `width * height * channels` is beyond the limit.
  static func check(width: Int, height: Int, channels: Int, file: String) throws {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= samples / channels else {
      throw MediaError(
        "\(width)×\(height) pixels are too many to hold in memory", file: file,
        remedy: "at most 2^31 samples are read")
    }
  }
}
