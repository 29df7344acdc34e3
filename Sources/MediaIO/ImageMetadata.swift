public import Foundation

/// What a picture file says beside its samples; carried from input to output.
public struct ImageMetadata: Sendable, Equatable {
  /// Physical resolution in pixels per metre.
  public struct PixelDensity: Sendable, Equatable {
    public var x: Int
    public var y: Int
    public init(x: Int, y: Int) {
      self.x = x
      self.y = y
    }
  }

  /// A keyword and its text (PNG tEXt, zTXt, iTXt).
  public struct Text: Sendable, Equatable {
    public var keyword: String
    public var value: String
    public init(keyword: String, value: String) {
      self.keyword = keyword
      self.value = value
    }
  }

  /// Embedded ICC profile, uncompressed.
  public var iccProfile: Data?
  /// True when the file carries PNG's sRGB chunk.
  public var isSRGB: Bool = false
  /// PNG's cICP: colour primaries, transfer function, matrix and range by their numbers in ITU-T H.273.
  public var codingPoints: [UInt8]?
  /// File gamma as in PNG's gAMA (0.45455 for sRGB-like files).
  public var gamma: Double?
  /// PNG's cHRM: white x, y, red x, y, green x, y, blue x, y.
  public var chromaticities: [Double]?
  public var pixelDensity: PixelDensity?
  /// Raw EXIF block, beginning with the TIFF header (`II*\0` or `MM\0*`).
  public var exif: Data?
  public var texts: [Text] = []

  public init() {}
}
