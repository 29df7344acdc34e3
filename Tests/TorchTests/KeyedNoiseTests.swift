import Foundation
import Testing

@testable import Torch

@Suite struct KeyedNoiseTests {
  /// Known answers of Random123 1.14, `tests/kat_vectors`, `philox4x32 10`.
  @Test func philoxGivesTheKnownAnswers() {
    let zeros = Philox4x32.block(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(zeros == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = Philox4x32.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = Philox4x32.block(
      counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0)
    )
    #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  /// These may never change: files carry seeds and are made again from them.
  @Test func theKeysLayoutIsFixed() {
    let noise = KeyedNoise(seed: 0x1111_1111_2222_2222, sample: 0x3333_3333_4444_4444, step: 5)
    let block = Philox4x32.block(
      counter: SIMD4(1, 5, 0x4444_4444, 0x3333_3333), key: SIMD2(0x2222_2222, 0x1111_1111))
    #expect(noise.uniform(count: 4, offset: 4) == (0..<4).map { Float(block[$0] >> 8) / 16_777_216 })
    #expect(KeyedNoise(seed: 0, sample: 0, step: 0).uniform(count: 1) == [Float(0x6627_e8) / 16_777_216])
    let crops = KeyedNoise(seed: 7, sample: 8, step: 9, stream: "crops")
    #expect(crops.integers(below: 1_000_000, count: 3) == [758741, 606115, 543222])
  }

  @Test(arguments: [(0, 1), (0, 4), (1, 1), (1, 7), (3, 2), (5, 90), (99, 1), (7, 0)])
  func anElementDependsOnItsPositionAlone(offset: Int, count: Int) {
    let noise = KeyedNoise(seed: 42, sample: 3, step: 1, stream: "test")
    let range = offset..<offset + count
    #expect(noise.uniform(count: count, offset: offset) == Array(noise.uniform(count: 100)[range]))
    #expect(noise.normal(count: count, offset: offset) == Array(noise.normal(count: 100)[range]))
    #expect(
      noise.integers(below: 10, count: count, offset: offset)
        == Array(noise.integers(below: 10, count: 100)[range]))
  }

  @Test func everyPartOfTheKeyMatters() {
    let keys = [
      KeyedNoise(seed: 0, sample: 0, step: 0), KeyedNoise(seed: 1, sample: 0, step: 0),
      KeyedNoise(seed: 1 << 32, sample: 0, step: 0), KeyedNoise(seed: 0, sample: 1, step: 0),
      KeyedNoise(seed: 0, sample: 1 << 32, step: 0), KeyedNoise(seed: 0, sample: 0, step: 1),
      KeyedNoise(seed: 0, sample: 0, step: 0, stream: "a"),
      KeyedNoise(seed: 0, sample: 0, step: 0, stream: "b"),
      KeyedNoise(seed: 1, sample: 0, step: 0, stream: "a"),
      KeyedNoise(seed: 0, sample: 1, step: 0, stream: "a"),
    ]
    #expect(Set(keys.map { $0.integers(below: .max, count: 4) }).count == keys.count)
    #expect(Set(keys.flatMap { $0.integers(below: .max, count: 100) }).count == 100 * keys.count)
  }

  @Test func theLastPositionsCanBeDrawn() {
    let noise = KeyedNoise(seed: 1, sample: .max, step: UInt64(UInt32.max))
    #expect(noise.uniform(count: 2, offset: 1 << 34 - 2).count == 2)
    #expect(noise.integers(below: 5, count: 2, offset: 1 << 33 - 2).allSatisfy { (0..<5).contains($0) })
  }

  @Test func uniformsAreUniform() {
    let values = KeyedNoise(seed: 11, sample: 0, step: 0).uniform(count: 100_000)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(kolmogorovDistance(values.map(Double.init)) { $0 } < 1.63 / 100_000.0.squareRoot())
  }

  @Test func normalsAreNormal() {
    let count = 100_000.0
    let values = KeyedNoise(seed: 12, sample: 0, step: 0).normal(count: Int(count)).map(Double.init)
    // Four standard errors each; the moments of order 1 to 4 are 0, 1, 0, 3 with variances 1, 2, 15, 96.
    let moments = values.reduce(SIMD4<Double>.zero) { sum, value in
      let square = value * value
      return sum + SIMD4(value, square, square * value, square * square)
    }
    let expected = SIMD4<Double>(0, 1, 0, 3)
    let tolerance = 4 * (SIMD4<Double>(1, 2, 15, 96) / count).squareRoot()
    let deviation = moments / count - expected
    for order in 0..<4 { #expect(abs(deviation[order]) < tolerance[order]) }
    // Critical value of Kolmogorov and Smirnov at 1 %.
    let distance = kolmogorovDistance(values) { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
    #expect(distance < 1.63 / count.squareRoot())
    let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / count
    #expect(abs(neighbours) < 4 / count.squareRoot())
  }

  @Test func samplesAreIndependent() {
    let count = 50_000
    let draws = [(0, 0), (1, 0), (0, 1)].map { sample, step in
      KeyedNoise(seed: 13, sample: sample, step: step, stream: "sampling").normal(count: count)
    }
    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
      let correlation = zip(draws[left], draws[right]).reduce(0) { $0 + $1.0 * $1.1 } / Float(count)
      #expect(abs(correlation) < 4 / Float(count).squareRoot())
    }
  }

  @Test func integersAreUniform() {
    // Three times 2^61 does not divide 2^64: a plain remainder would favour the lower values by a half.
    let bound = 3 << 61
    let values = KeyedNoise(seed: 14, sample: 0, step: 0).integers(below: bound, count: 30_000)
    #expect(values.allSatisfy { (0..<bound).contains($0) })
    let counts = values.reduce(into: [0, 0, 0]) { $0[$1 >> 61] += 1 }
    let statistic = counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
    // Critical value of χ² with 2 degrees of freedom at 0.1 %.
    #expect(statistic < 13.8)
    #expect(KeyedNoise(seed: 14, sample: 0, step: 0).integers(below: 1, count: 3) == [0, 0, 0])
  }

  /// Largest distance between the empirical distribution and `distribution`.
  private func kolmogorovDistance(_ values: [Double], _ distribution: (Double) -> Double) -> Double {
    let count = Double(values.count)
    return values.sorted().enumerated().reduce(0) { largest, entry in
      let probability = distribution(entry.element)
      return max(
        largest, probability - Double(entry.offset) / count, Double(entry.offset + 1) / count - probability)
    }
  }

  /// Each category as often as its share says, and never one without a share.
  @Test func categories() {
    let counts = (0..<4000).reduce(into: [0, 0, 0]) { counts, sample in
      counts[KeyedNoise(seed: 1, sample: UInt64(sample), step: 0).category([2, 0, 6])] += 1
    }
    #expect(counts[1] == 0 && abs(counts[0] - 1000) < 120 && counts[0] + counts[2] == 4000)
    #expect(KeyedNoise(seed: 1, sample: 0, step: 0).category([0, 1]) == 1)
  }
}
