internal import Foundation

/// The phase of a tone's fundamental through a recording, by complex demodulation (Bingham, Godfrey & Tukey 1967,
/// "Modern techniques of power spectrum estimation"): the recording times a tone of the nominal frequency, smoothed.
public struct PhaseTrack: Sendable, Equatable {
  /// Of each frame, at its first sample, in cycles of the fundamental from its crest: 0 ..< 1.
  public let phases: [Double]
  /// Of each frame, cycles a sample on the way to the next one.
  public let advances: [Double]

  /// Cycles of the fundamental, and seconds, over which is smoothed, whichever is longer.
  private static let cycles = 3.0
  private static let seconds = 0.02
  /// Of the fundamental's greatest magnitude: below this share its phase is not believed.
  private static let faint = 0.02

  /// Where the fundamental is too faint, or not there yet, the phase goes on at the nominal frequency.
  /// - Parameters:
  ///   - frequency: nominal, in hertz.
  ///   - hop: samples of a frame; a frame should be shorter than half a cycle of the tone's deviation.
  public init(_ samples: [Float], sampleRate: Int, frequency: Double, hop: Int) {
    let nominal = frequency / Double(sampleRate)
    let half = Int(max(Self.cycles / nominal, Self.seconds * Double(sampleRate)) / 2)
    let window = (-half...half).map { 0.5 + 0.5 * cos(Double.pi * Double($0) / Double(half + 1)) }
    let frames = (samples.count + hop - 1) / hop
    let found = (0..<frames).map { frame -> (magnitude: Double, phase: Double) in
      var (real, imaginary) = (0.0, 0.0)
      for offset in -half...half {
        let index = frame * hop + offset
        guard samples.indices.contains(index) else { continue }
        let value = Double(samples[index]) * window[offset + half]
        let angle = 2 * Double.pi * nominal * Double(index)
        real += value * cos(angle)
        imaginary -= value * sin(angle)
      }
      // Beside the nominal phase.
      return ((real * real + imaginary * imaginary).squareRoot(), atan2(imaginary, real) / (2 * .pi))
    }
    let least = Self.faint * (found.map(\.magnitude).max() ?? 0)
    let believed = found.map { $0.magnitude > least }
    // What is before the first believed phase leads up to it.
    var deviation = believed.firstIndex(of: true).map { found[$0].phase } ?? 0
    var deviations: [Double] = []
    for frame in found.indices {
      if believed[frame] {
        let step = found[frame].phase - deviation
        deviation += step - step.rounded()
      }
      deviations.append(deviation)
    }
    phases = deviations.indices.map { frame in
      let cycles = deviations[frame] + nominal * Double(frame * hop)
      return cycles - cycles.rounded(.down)
    }
    advances = deviations.indices.map { frame in
      let next = frame + 1 < deviations.count ? deviations[frame + 1] : deviations[frame]
      return nominal + (next - deviations[frame]) / Double(hop)
    }
  }
}
