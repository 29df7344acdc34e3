public import Conditioners
public import StepInference

/// A model of P(sound | its mel spectrogram): any voice's sound from how loud each band is.
public typealias Vocoder = SoundModel<MelDescription>

public struct MelDescription: SoundDescription {
  public static let architecture = "audio-synth-vocoder"

  public var sampleRate: Int
  public var bands: Int
  /// Samples that a column of the spectrogram looks at.
  public var window: Int
  public var ranges: DilatedRanges?

  public var features: Int {
    MelConditioner(sampleRate: sampleRate, hop: 1, bands: bands, window: window).features
  }

  public var isPlausible: Bool {
    (1000...192_000).contains(sampleRate) && (1...512).contains(bands) && (16...65_536).contains(window)
      && window % 2 == 0
  }
}

extension Vocoder {
  public var conditioner: MelConditioner {
    MelConditioner(
      sampleRate: description.sampleRate, hop: hop, bands: description.bands, window: description.window)
  }
}
