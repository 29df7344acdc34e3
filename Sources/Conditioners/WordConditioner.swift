public import Torch

/// Tells a model which word a voice is saying, and how far it is: `Conditioning.spatial [N, features, F]`, a step for each
/// frame.
///
/// Where in a word one is decides what is heard, so every word has its own row of overlapping bumps along its length
/// beside the voice, and the time since its start and to its end.
public struct WordConditioner: Sendable {
  public let words: [String]
  public let voices: [String]
  /// Bumps along a word.
  public static let places = 16
  /// Frames a second.
  public let rate: Double

  public init(words: [String], voices: [String], rate: Double) {
    self.words = words
    self.voices = voices
    self.rate = rate
  }

  public var features: Int { words.count * Self.places + voices.count + 3 }

  /// Of each frame of a word, `[frames][features]`: the bumps of every word, a one for the voice, the time since the start
  /// and to the end (1 from 0.2 s on, for onsets and ends sound alike in long and short words), and the length in seconds.
  public func frames(word: Int, voice: Int, count: Int) -> [[Float]] {
    (0..<count).map { frame in
      var row = [Float](repeating: 0, count: features)
      let place = (Float(frame) + 0.5) / Float(count) * Float(Self.places - 1)
      let lower = min(Self.places - 2, Int(place))
      row[word * Self.places + lower] = Float(lower + 1) - place
      row[word * Self.places + lower + 1] = place - Float(lower)
      row[words.count * Self.places + voice] = 1
      let rest = words.count * Self.places + voices.count
      row[rest] = min(1, Float(Double(frame) / rate) * 5)
      row[rest + 1] = min(1, Float(Double(count - frame) / rate) * 5)
      row[rest + 2] = Float(Double(count) / rate)
      return row
    }
  }

  /// - Parameter rows: of each sample, as many frames each.
  public func callAsFunction(_ rows: [[[Float]]]) throws -> Conditioning {
    let frames = rows.first?.count ?? 0
    guard rows.allSatisfy({ $0.count == frames }) else {
      throw TensorError("samples of one batch have as many frames each")
    }
    let values = rows.flatMap { $0.flatMap { $0 } }
    return Conditioning(
      spatial: try Tensor(values, shape: [rows.count, frames, features]).permuted([0, 2, 1]))
  }
}
