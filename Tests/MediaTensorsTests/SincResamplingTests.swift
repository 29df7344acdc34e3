import Foundation
import MediaTensors
import Testing

struct SincResamplingTests {
  private func sine(_ frequency: Double, rate: Int, count: Int) -> [Float] {
    (0..<count).map { Float(sin(2 * Double.pi * frequency * Double($0) / Double(rate))) }
  }

  /// A tone is the same tone at another rate; at the ends the filter hears the silence around it.
  @Test(arguments: [(16_000, 8000), (8000, 16_000), (11_025, 8000), (8000, 11_025), (44_100, 8000)])
  func toneIsTheSame(_ from: Int, _ to: Int) {
    for frequency in [100.0, 440, 1900] {
      let count = from / 20
      let found = SincResampling.resampled(
        sine(frequency, rate: from, count: count), from: from, to: to)
      let expected = sine(frequency, rate: to, count: found.count)
      let margin = found.count / 5
      let worst = (margin..<(found.count - margin)).map { abs(found[$0] - expected[$0]) }.max() ?? 1
      #expect(worst < 1e-3, "\(frequency) Hz from \(from) to \(to) Hz")
    }
  }

  @Test func sameRateIsTheSameSound() {
    let sound = sine(440, rate: 8000, count: 100)
    #expect(SincResampling.resampled(sound, from: 8000, to: 8000) == sound)
    #expect(SincResampling.resampled([], from: 8000, to: 16_000).isEmpty)
  }

  /// It would come back as another tone, of 3000 Hz.
  @Test func toneAboveTheNewNyquistIsSuppressed() {
    let found = SincResampling.resampled(sine(5000, rate: 16_000, count: 1600), from: 16_000, to: 8000)
    let middle = found[100..<700]
    #expect(middle.allSatisfy { abs($0) < 0.01 })
  }

  @Test func constantStaysConstant() {
    let found = SincResampling.resampled([Float](repeating: 0.5, count: 600), from: 12_000, to: 8000)
    #expect(found[80..<320].allSatisfy { abs($0 - 0.5) < 5e-4 })
  }

  @Test(arguments: [
    (16_000, 8000, 1600, 800), (8000, 16_000, 800, 1600), (44_100, 8000, 441, 80), (48_000, 8000, 1, 1),
  ])
  func lengthIsAsManySeconds(_ from: Int, _ to: Int, _ count: Int, _ expected: Int) {
    let sound = [Float](repeating: 0.1, count: count)
    let found = SincResampling.resampled(sound, from: from, to: to)
    #expect(found.count == expected && found.allSatisfy(\.isFinite))
  }
}
