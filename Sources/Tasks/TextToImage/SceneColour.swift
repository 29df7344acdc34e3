/// The colours of things. Any two are farther apart than twice what `jitter` does to one.
public enum SceneColour: String, Codable, CaseIterable, Sendable {
  case red, orange, yellow, green, blue, purple, pink, brown, black, white

  /// Red, green and blue over 0...1, as sRGB files hold them.
  public var rgb: SIMD3<Float> {
    switch self {
    case .red: SIMD3(0.86, 0.10, 0.12)
    case .orange: SIMD3(0.98, 0.54, 0.06)
    case .yellow: SIMD3(0.97, 0.90, 0.12)
    case .green: SIMD3(0.10, 0.62, 0.22)
    case .blue: SIMD3(0.12, 0.28, 0.88)
    case .purple: SIMD3(0.50, 0.14, 0.64)
    case .pink: SIMD3(0.98, 0.52, 0.76)
    case .brown: SIMD3(0.46, 0.27, 0.12)
    case .black: SIMD3(0.06, 0.06, 0.06)
    case .white: SIMD3(0.96, 0.96, 0.96)
    }
  }

  /// How far a channel of a thing may be from `rgb`.
  public static let jitter: Float = 0.05
}

public enum SceneBackground: String, Codable, CaseIterable, Sendable {
  case white, grey, black
  case lightBlue = "light blue"
  case beige

  /// Red, green and blue over 0...1, as sRGB files hold them.
  public var rgb: SIMD3<Float> {
    switch self {
    case .white: SIMD3(0.97, 0.97, 0.97)
    case .grey: SIMD3(0.53, 0.53, 0.53)
    case .black: SIMD3(0.05, 0.05, 0.05)
    case .lightBlue: SIMD3(0.60, 0.80, 0.95)
    case .beige: SIMD3(0.86, 0.77, 0.58)
    }
  }

  /// How far a channel may be from `rgb`.
  public static let jitter: Float = 0.025

  /// The one colour that cannot be seen before it.
  var hidden: SceneColour? { SceneColour(rawValue: rawValue) }

  /// Whether things of all these colours can be seen before it.
  public func shows(_ colours: Set<SceneColour>) -> Bool {
    guard let hidden else { return true }
    return !colours.contains(hidden)
  }

  /// Those before which things of all these colours can be seen.
  public static func showing(_ colours: Set<SceneColour>) -> [SceneBackground] {
    allCases.filter { $0.shows(colours) }
  }
}
