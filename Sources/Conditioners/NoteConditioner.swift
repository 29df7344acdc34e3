internal import Foundation

/// Tells a model which instrument plays which note, how hard, and what became of the key: `[features]` for each frame.
///
/// The last two features are the phase of a tone of the note's pitch at the frame's first sample and its advance each
/// sample, in cycles: a harmonic excitation, so that a network need not count samples to stay in tune.
public struct NoteConditioner: Sendable, Equatable {
  public let instruments: [String]
  /// MIDI numbers of the lowest and the highest note; 69 is the A of 440 Hz.
  public let pitches: ClosedRange<Int>
  public let sampleRate: Int
  /// Samples of a frame.
  public let hop: Int

  /// Semitones between two places along the pitches.
  private static let stride = 3
  /// Seconds in which what is told of the key's going down, or up, has faded.
  private static let attack = [0.01, 0.05, 0.25, 1]
  private static let release = [0.05, 0.25]

  public init(instruments: [String], pitches: ClosedRange<Int>, sampleRate: Int, hop: Int) {
    (self.instruments, self.pitches, self.sampleRate, self.hop) = (instruments, pitches, sampleRate, hop)
  }

  private var places: Int { (pitches.count - 1 + Self.stride - 1) / Self.stride + 1 }

  public var features: Int {
    instruments.count + places + 1 + Self.attack.count + 1 + Self.release.count + 2
  }

  /// Hertz of a MIDI number, equally tempered.
  public static func frequency(_ pitch: Double) -> Double { 440 * exp2((pitch - 69) / 12) }

  /// `[F][features]` of the frames that begin with `first`.
  /// - Parameters:
  ///   - velocity: 0…127.
  ///   - held: seconds from the start until the key goes up.
  public func frames(
    instrument: Int, pitch: Int, velocity: Int, held: Double, frames: Range<Int>
  ) -> [[Float]] {
    let advance = Self.frequency(Double(pitch)) / Double(sampleRate)
    return frames.map { frame in
      var row = [Float](repeating: 0, count: features)
      row[instrument] = 1
      let place = Float(pitch - pitches.lowerBound) / Float(Self.stride)
      let lower = min(max(0, places - 2), Int(place))
      row[instruments.count + lower] = Float(lower + 1) - place
      if places > 1 { row[instruments.count + lower + 1] = place - Float(lower) }
      var at = instruments.count + places
      row[at] = Float(velocity) / 127
      let time = Double(frame * hop) / Double(sampleRate)
      for constant in Self.attack {
        at += 1
        row[at] = Float(exp(-time / constant))
      }
      at += 1
      row[at] = time < held ? 0 : 1
      for constant in Self.release {
        at += 1
        row[at] = time < held ? 0 : Float(exp(-(time - held) / constant))
      }
      let cycles = advance * Double(frame * hop)
      row[at + 1] = Float(cycles - cycles.rounded(.down))
      row[at + 2] = Float(advance)
      return row
    }
  }
}
