public import Conditioners
public import StepInference

/// A model of P(sound | instrument, pitch, velocity, how long the key is held).
public typealias NotesModel = SoundModel<NotesDescription>

public struct NotesDescription: SoundDescription {
  public static let architecture = "audio-synth-notes"

  public var instruments: [String]
  /// MIDI numbers of the lowest and the highest note.
  public var lowest: Int
  public var highest: Int
  /// Velocities that were heard in training.
  public var softest: Int
  public var loudest: Int
  /// Seconds after the key goes up that are still heard.
  public var release: Double
  public var sampleRate: Int
  /// Of every so many recordings, one was not trained on.
  public var heldOut: Int
  /// Of draws, unless said otherwise: tones are nearly certain, and what is left of the noise only adds up.
  public var temperature: Double
  public var ranges: DilatedRanges?

  public var features: Int { conditioner(hop: 1).features }

  func conditioner(hop: Int) -> NoteConditioner {
    NoteConditioner(instruments: instruments, pitches: lowest...highest, sampleRate: sampleRate, hop: hop)
  }

  public var isPlausible: Bool {
    (1...1000).contains(instruments.count) && Set(instruments).count == instruments.count
      && (0...127).contains(lowest) && (lowest...127).contains(highest) && (0...127).contains(softest)
      && (softest...127).contains(loudest) && (0...60).contains(release)
      && (2...1_000_000).contains(heldOut) && (0...2).contains(temperature)
      && (1000...192_000).contains(sampleRate)
  }
}

extension NotesModel {
  public var conditioner: NoteConditioner { description.conditioner(hop: hop) }
}
