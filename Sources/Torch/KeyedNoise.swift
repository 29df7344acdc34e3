#if canImport(Glibc)
  internal import Glibc
#else
  internal import Foundation
#endif

/// Noise that is a function of its key alone: element `p` depends on (seed, sample, step, stream, p) and on nothing
/// that was drawn before, so any part of it can be drawn by anybody, in any order, on any thread.
///
/// The generator is Philox4x32-10. The counter is (p's block, step, sample), the key is the seed; a stream's
/// name is mixed into the key. Uniform, normal and integer draws of one key come from the same words: give each
/// use its own stream.
///
/// Uniforms and integers are the same everywhere; normals go through the C library's `log`, `sin` and `cos`, and so
/// may differ in the last bit of a `Float` between C libraries.
public struct KeyedNoise: Sendable, Equatable {
  public let seed: UInt64
  public let sample: UInt64
  public let step: UInt64
  /// What the noise is for, such as `crops`; empty for the plain generator keyed by the seed.
  public let stream: String

  private let key: SIMD2<UInt32>

  /// - Precondition: `step` is below 2^32.
  public init(seed: UInt64, sample: UInt64, step: UInt64, stream: String = "") {
    precondition(step <= UInt64(UInt32.max), "step \(step) is not below 2^32")
    self.seed = seed
    self.sample = sample
    self.step = step
    self.stream = stream
    key = Self.key(seed: seed, stream: stream)
  }

  /// Values in [0, 1), multiples of 2^-24: elements `offset` to `offset + count - 1`.
  /// - Precondition: no position is negative, or 2^34 or above.
  public func uniform(count: Int, offset: Int = 0) -> [Float] {
    elements(count: count, offset: offset, perBlock: 4) { block, lane in Float(block[lane] >> 8) * 0x1p-24 }
  }

  /// Values of the standard normal distribution: elements `offset` to `offset + count - 1`.
  ///
  /// Box and Muller, "A note on the generation of random normal deviates" (1958), in double precision. With 32 bits
  /// for the radius no value lies beyond ±6.67.
  /// - Precondition: no position is negative, or 2^34 or above.
  public func normal(count: Int, offset: Int = 0) -> [Float] {
    elements(count: count, offset: offset, perBlock: 4) { block, lane in
      let pair = lane & ~1
      let radius = (-2 * log((Double(block[pair]) + 1) * 0x1p-32)).squareRoot()
      let angle = 2 * Double.pi * Double(block[pair + 1]) * 0x1p-32
      return Float(radius * (lane == pair ? cos(angle) : sin(angle)))
    }
  }

  /// Integers in 0..<bound: elements `offset` to `offset + count - 1`.
  ///
  /// The high half of a 64 × 64-bit product (Lemire, "Fast random integer generation in an interval", 2019, without
  /// its rejection, which would make an element depend on how many were rejected before). No value's probability
  /// is off by more than 2^-64.
  /// - Precondition: `bound` is positive; no position is negative, or 2^33 or above.
  public func integers(below bound: Int, count: Int, offset: Int = 0) -> [Int] {
    precondition(bound > 0, "no integer is in 0..<\(bound)")
    return elements(count: count, offset: offset, perBlock: 2) { block, lane in
      let word = UInt64(block[2 * lane]) | UInt64(block[2 * lane + 1]) << 32
      return Int(word.multipliedFullWidth(by: UInt64(bound)).high)
    }
  }

  /// An index that comes with the given probabilities, which need not add up to 1: where element 0 of `uniform` falls when
  /// they are laid side by side.
  /// - Precondition: one of them is above 0.
  public func category(_ probabilities: [Double]) -> Int {
    var left = Double(uniform(count: 1)[0]) * probabilities.reduce(0, +)
    for (index, probability) in probabilities.enumerated() {
      if left < probability { return index }
      left -= probability
    }
    // Rounding may leave a rest.
    guard let last = probabilities.lastIndex(where: { $0 > 0 }) else {
      preconditionFailure("nothing is possible")
    }
    return last
  }

  /// Element `p` is made from block `p / perBlock`, lane `p % perBlock`.
  @inline(__always)
  private func elements<Element>(
    count: Int, offset: Int, perBlock: Int, _ element: (SIMD4<UInt32>, Int) -> Element
  ) -> [Element] {
    let limit = perBlock << 32
    precondition(
      count >= 0 && offset >= 0 && offset <= limit && count <= limit - offset,
      "elements from \(offset), \(count) of them, do not lie in 0..<\(limit)")
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      var position = offset
      while initialized < count {
        let block = Philox4x32.block(counter: counter(block: UInt32(position / perBlock)), key: key)
        let first = position % perBlock
        let last = min(perBlock, first + count - initialized)
        for lane in first..<last {
          buffer.initializeElement(at: initialized, to: element(block, lane))
          initialized += 1
        }
        position += last - first
      }
    }
  }

  private func counter(block: UInt32) -> SIMD4<UInt32> {
    SIMD4(
      block, UInt32(step), UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: sample >> 32))
  }

  /// The seed itself without a stream; else one block of the generator over the seed and the name's FNV-1a hash, so
  /// that neither neighbouring seeds nor similar names give related keys.
  private static func key(seed: UInt64, stream: String) -> SIMD2<UInt32> {
    let (low, high) = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    if stream.isEmpty { return SIMD2(low, high) }
    let hash = stream.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let mixed = Philox4x32.block(
      counter: SIMD4(low, high, UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32)),
      key: SIMD2(0, 0))
    return SIMD2(mixed[0], mixed[1])
  }
}

/// Philox4x32-10, a bijection of 128-bit counters chosen by a 64-bit key, which passes BigCrush.
///
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3. Same values
/// as Random123's `philox4x32`.
public enum Philox4x32 {
  @inline(__always)
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (x0, x1, x2, x3) = (counter[0], counter[1], counter[2], counter[3])
    var (k0, k1) = (key[0], key[1])
    for _ in 0..<10 {
      let product0 = UInt64(x0) &* 0xD251_1F53
      let product1 = UInt64(x2) &* 0xCD9E_8D57
      (x0, x1, x2, x3) = (
        UInt32(truncatingIfNeeded: product1 >> 32) ^ x1 ^ k0, UInt32(truncatingIfNeeded: product1),
        UInt32(truncatingIfNeeded: product0 >> 32) ^ x3 ^ k1, UInt32(truncatingIfNeeded: product0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(x0, x1, x2, x3)
  }
}
