public import Conditioners
internal import Foundation
public import ModelEvaluation
public import StepInference

/// A model of P(sound | word, voice).
public typealias WordsModel = SoundModel<WordsDescription>

public struct WordsDescription: SoundDescription {
  /// How long a voice takes to say a word: the logarithm of its frames is normal.
  public struct Length: Codable, Sendable, Equatable {
    public var mean: Double
    public var deviation: Double

    /// log of the density of a length, in frames; a voice that always takes as long is not believed.
    func logDensity(frames: Int) -> Double {
      let deviation = max(0.1, deviation)
      let place = (log(Double(frames)) - mean) / deviation
      return -0.5 * place * place - log(deviation * Double(frames) * (2 * Double.pi).squareRoot())
    }
  }

  public static let architecture = "audio-synth-wavenet"

  public var words: [String]
  public var voices: [String]
  public var sampleRate: Int
  /// Of each word, of each voice.
  public var lengths: [[Length]]
  /// Of held-out recordings, to know strange ones by.
  public var typicality: Typicality?
  public var ranges: DilatedRanges?

  public var features: Int { WordConditioner(words: words, voices: voices, rate: 1).features }

  public var isPlausible: Bool {
    (1...10_000).contains(words.count) && (1...10_000).contains(voices.count)
      && Set(words).count == words.count && Set(voices).count == voices.count
      && (1000...192_000).contains(sampleRate)
      && (typicality?.isPlausible ?? true) && lengths.count == words.count
      && lengths.allSatisfy { row in
        row.count == voices.count
          && row.allSatisfy { (-5...10).contains($0.mean) && (0...3).contains($0.deviation) }
      }
  }
}

extension WordsModel {
  public var conditioner: WordConditioner {
    WordConditioner(
      words: description.words, voices: description.voices,
      rate: Double(description.sampleRate) / Double(hop))
  }
}
