/// Names a random draw: sample `index` of `seed`. All noise of one sample is keyed by it, so the sample is the same
/// whatever is drawn beside it.
public struct SampleKey: Sendable, Hashable, Codable {
  public let seed: UInt64
  public let index: Int

  /// - Parameter index: from 0.
  public init(seed: UInt64, index: Int) {
    precondition(index >= 0, "sample \(index); 0 or more would be right")
    self.seed = seed
    self.index = index
  }

  /// The keys of `count` samples.
  public static func keys(seed: UInt64, count: Int, from first: Int = 0) -> [SampleKey] {
    (first..<first + count).map { SampleKey(seed: seed, index: $0) }
  }

  /// A seed for another purpose of the same sample, such as drawing y from P(y): as good as independent of the
  /// noise that `seed` itself keys.
  ///
  /// The purpose is hashed with FNV-1a (Fowler, Noll and Vo), and mixed in with SplitMix64's finaliser
  /// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  public func seed(for purpose: String) -> UInt64 {
    let name = purpose.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Self.mixed((Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) ^ name) &+ Self.mixed(UInt64(index)))
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
