internal import Foundation

/// Sound as 256 levels, finer near silence: y = sign(x) ln(1 + 255 |x|) / ln 256 (ITU-T G.711's law, in the form of
/// van den Oord et al. 2016, section 2.2).
public enum MuLaw {
  public static let levels = 256
  /// The level of silence.
  public static let silence = 128

  /// Level 0…255 of a sample over −1…1; what lies beyond is clipped.
  public static func level(_ sample: Float) -> Int {
    let x = Double(min(max(sample, -1), 1))
    let y = (x < 0 ? -1 : 1) * log1p(255 * abs(x)) / log(256)
    // Level 128 is exactly 0.
    return min(255, max(0, Int((y * 127.5).rounded()) + 128))
  }

  /// The sample that a level stands for.
  public static func sample(_ level: Int) -> Float { table[level] }

  private static let table: [Float] = (0..<256).map { level in
    let y = (Double(level) - 128) / 127.5
    return Float(min(max((y < 0 ? -1 : 1) * expm1(abs(y) * log(256)) / 255, -1), 1))
  }
}
