import Foundation
import MediaTensors
import Testing
import Torch

struct PhaseTrackTests {
  private let rate = 16_000

  /// A tone of two partials whose fundamental has the phase `cycles(t)` at second t.
  private func tone(seconds: Double = 0.6, _ cycles: (Double) -> Double) -> [Float] {
    (0..<Int(seconds * Double(rate))).map { index in
      let angle = 2 * Double.pi * cycles(Double(index) / Double(rate))
      return Float(0.3 * cos(angle) + 0.2 * cos(2 * angle + 1))
    }
  }

  /// Cycles from one phase to another, the shorter way round.
  private func apart(_ a: Double, _ b: Double) -> Double { abs((a - b) - (a - b).rounded()) }

  @Test(arguments: [130.8128, 440, 1046.5023])
  func followsAToneThatIsOff(_ nominal: Double) {
    let sounding = nominal * exp2(15.0 / 1200)
    let track = PhaseTrack(tone { 0.3 + sounding * $0 }, sampleRate: rate, frequency: nominal, hop: 80)
    #expect(track.phases.count == 120)
    for frame in 10..<110 {
      #expect(apart(track.phases[frame], 0.3 + sounding * Double(frame * 80) / Double(rate)) < 0.01)
      #expect(abs(track.advances[frame] * Double(rate) / sounding - 1) < 0.001)
    }
  }

  /// Five cycles of vibrato a second, 20 cents wide.
  @Test func followsVibrato() {
    let (nominal, depth, speed) = (440.0, 440 * 0.0116, 5.0)
    let cycles = { (t: Double) in nominal * t + depth / (2 * .pi * speed) * sin(2 * .pi * speed * t) }
    let track = PhaseTrack(tone(cycles), sampleRate: rate, frequency: nominal, hop: 80)
    for frame in 10..<110 {
      #expect(apart(track.phases[frame], cycles(Double(frame * 80) / Double(rate))) < 0.02)
    }
  }

  /// A frame's phase and its advance lead to the next frame's phase.
  @Test func hasNoJumps() {
    let noise = KeyedNoise(seed: 1, sample: 0, step: 0).normal(count: 4000).map { 0.2 * $0 }
    let track = PhaseTrack(noise, sampleRate: rate, frequency: 440, hop: 80)
    for frame in 1..<track.phases.count {
      #expect(apart(track.phases[frame - 1] + 80 * track.advances[frame - 1], track.phases[frame]) < 1e-9)
    }
  }

  @Test func whatIsNotHeardGoesOnAtItsNominalFrequency() {
    let sound = [Float](repeating: 0, count: 1600) + tone(seconds: 0.2) { 0.25 + 440 * $0 }
    let all = sound + [Float](repeating: 0, count: 1600)
    let track = PhaseTrack(all, sampleRate: rate, frequency: 440, hop: 80)
    for frame in [0, 5, 30, 65, 79] {
      #expect(apart(track.phases[frame], 0.25 + 440 * (Double(frame * 80 - 1600) / Double(rate))) < 0.02)
    }
    let silent = PhaseTrack([Float](repeating: 0, count: 800), sampleRate: rate, frequency: 440, hop: 80)
    #expect(silent.advances.allSatisfy { $0 == 440 / Double(rate) } && silent.phases[0] == 0)
  }
}
