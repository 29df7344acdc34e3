internal import Torch

/// Numbers of a noise one after another, from a stream of its own for each use.
struct NoiseCursor {
  private static let block = 32

  private let noise: KeyedNoise
  private var values: [Float] = []
  private var offset = 0

  /// - Parameter use: what the numbers are for; other uses of the same noise draw other numbers.
  init(_ noise: KeyedNoise, for use: String) {
    self.noise = KeyedNoise(
      seed: noise.seed, sample: noise.sample, step: noise.step,
      stream: noise.stream.isEmpty ? use : "\(noise.stream).\(use)")
  }

  /// In [0, 1).
  mutating func uniform() -> Float {
    if offset % Self.block == 0 { values = noise.uniform(count: Self.block, offset: offset) }
    defer { offset += 1 }
    return values[offset % Self.block]
  }

  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// In 0..<bound, for bounds far below 2^24.
  mutating func integer(below bound: Int) -> Int { min(bound - 1, Int(uniform() * Float(bound))) }

  mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[integer(below: elements.count)] }

  /// Three numbers within ±`most`.
  mutating func jitter(_ most: Float) -> SIMD3<Float> {
    SIMD3(uniform(-most...most), uniform(-most...most), uniform(-most...most))
  }
}
