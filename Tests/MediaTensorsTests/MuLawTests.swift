import Foundation
import MediaTensors
import Testing

struct MuLawTests {
  @Test func everyLevelComesBack() {
    for level in 0..<MuLaw.levels {
      #expect(MuLaw.level(MuLaw.sample(level)) == level)
    }
  }

  @Test func silenceIsExact() {
    #expect(MuLaw.silence == 128)
    #expect(MuLaw.sample(MuLaw.silence) == 0)
    #expect(MuLaw.level(0) == MuLaw.silence && MuLaw.level(-0.0) == MuLaw.silence)
  }

  @Test func louderIsFurtherFromSilence() {
    let samples = (0..<MuLaw.levels).map { MuLaw.sample($0) }
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 })
    #expect(samples.allSatisfy { (-1...1).contains($0) })
    let levels = (-1000...1000).map { MuLaw.level(Float($0) / 1000) }
    #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 <= $1 })
    // Finest near silence.
    let steps = zip(samples.dropFirst(), samples).map { $0 - $1 }
    #expect(steps[128] < 2e-4 && steps[128] * 100 < steps[250])
  }

  @Test func whatIsTooLoudIsClipped() {
    #expect(MuLaw.level(1) == 255 && MuLaw.level(7) == 255 && MuLaw.level(.infinity) == 255)
    #expect(MuLaw.level(-1) == 0 && MuLaw.level(-7) == 0 && MuLaw.level(-.infinity) == 0)
  }

  /// No sample moves further than half a step of the law, which is 4.4 % of its height where it is loud.
  @Test func errorIsSmallForAnyHeight() {
    for index in 1...2000 {
      let sample = Float(index) / 2100
      let error = abs(MuLaw.sample(MuLaw.level(sample)) - sample)
      #expect(error < 0.022 * sample + 1e-4)
      #expect(abs(MuLaw.sample(MuLaw.level(-sample)) + sample) == error)
    }
  }
}
