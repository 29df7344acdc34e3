import Foundation
import MediaTensors
import Testing
import Torch

struct PitchEstimateTests {
  /// Harmonics of an instrument, and some noise.
  private func tone(_ frequency: Double, rate: Int = 16_000, noise: Float = 0.003) -> [Float] {
    let grain = KeyedNoise(seed: 1, sample: 0, step: 0).normal(count: rate / 2)
    return (0..<rate / 2).map { index in
      let angle = 2 * Double.pi * frequency * Double(index) / Double(rate)
      let wave = 0.2 * sin(angle) + 0.3 * sin(2 * angle + 1) + 0.1 * sin(3 * angle + 2)
      return Float(wave) + noise * grain[index]
    }
  }

  @Test(arguments: [65.4064, 130.8128, 261.6256, 440, 987.7666, 1046.5023])
  func isWithinACent(_ frequency: Double) throws {
    let found = try #require(PitchEstimate.frequency(tone(frequency), sampleRate: 16_000))
    #expect(abs(1200 * log2(found / frequency)) < 1)
  }

  /// Noise of a third of the tone's power.
  @Test(arguments: [130.8128, 440, 1046.5023]) func isHeardThroughHiss(_ frequency: Double) throws {
    let found = try #require(
      PitchEstimate.frequency(
        tone(frequency, noise: 0.15), sampleRate: 16_000, range: frequency / 4...frequency * 4))
    #expect(abs(1200 * log2(found / frequency)) < 5)
  }

  /// A note that is off by ten cents is told from one that is right.
  @Test func seesTenCents() throws {
    let found = try #require(PitchEstimate.frequency(tone(440 * exp2(10.0 / 1200)), sampleRate: 16_000))
    #expect(abs(1200 * log2(found / 440) - 10) < 1)
  }

  @Test func whatHasNoPitchHasNone() {
    let silence = [Float](repeating: 0, count: 8000)
    #expect(PitchEstimate.frequency(silence, sampleRate: 16_000) == nil)
    let noise = KeyedNoise(seed: 2, sample: 0, step: 0).normal(count: 8000).map { $0 * 0.1 }
    #expect(PitchEstimate.frequency(noise, sampleRate: 16_000) == nil)
    #expect(PitchEstimate.frequency([0.5, 0.2], sampleRate: 16_000) == nil)
  }
}
