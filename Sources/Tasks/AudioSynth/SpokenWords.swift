public import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore

/// Recordings of single words, such as those of the Free Spoken Digit Dataset.
public struct SpokenWords: Sendable {
  public enum Split: Sendable { case train, test }

  public struct Recording: Sendable {
    public var word: Int
    public var voice: Int
    public var take: Int
    /// 0…255, by `MuLaw`.
    public var levels: [UInt8]
  }

  public let words: [String]
  public let voices: [String]
  public let sampleRate: Int
  public let recordings: [Recording]

  /// Takes of each word and voice that are for testing alone.
  static let testTakes = 0..<5

  /// Reads the files `<word>_<voice>_<take>.wav` of a folder, or of `recordings` in it.
  /// - Parameters:
  ///   - split: takes 0 to 4 of every word and voice are for testing, the rest is for training.
  ///   - words: their names in the order in which a model knows them; nil for those that are there.
  ///   - voices: likewise.
  /// - Throws: `PipelineError` of kind `.data` for a folder without such files, another sample rate, an unknown word or
  ///   voice; `MediaError` for broken files.
  public init(folder: URL, split: Split, words: [String]? = nil, voices: [String]? = nil) throws {
    let inner = folder.appendingPathComponent("recordings")
    let place = FileManager.default.fileExists(atPath: inner.path) ? inner : folder
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    let found = names.sorted().compactMap { name -> (name: String, parts: [String], take: Int)? in
      guard name.lowercased().hasSuffix(".wav") else { return nil }
      let parts = name.dropLast(4).split(separator: "_").map(String.init)
      guard parts.count == 3, let take = Int(parts[2]) else { return nil }
      return (name, parts, take)
    }.filter { (Self.testTakes.contains($0.take)) == (split == .test) }
    guard !found.isEmpty else {
      throw PipelineError.data(
        "\(folder.relativePath) holds no recordings; files named <word>_<voice>_<take>.wav, such as those of the "
          + "Free Spoken Digit Dataset, would be right")
    }
    let words = words ?? Set(found.map(\.parts[0])).sorted()
    let voices = voices ?? Set(found.map(\.parts[1])).sorted()
    var rate: Int?
    recordings = try found.map { name, parts, take in
      let file = place.appendingPathComponent(name)
      guard let word = words.firstIndex(of: parts[0]), let voice = voices.firstIndex(of: parts[1]) else {
        throw PipelineError.data(
          "\(file.relativePath) is of word '\(parts[0])' and voice '\(parts[1])', which the model does not know"
        )
      }
      let clip = try AudioClip(contentsOf: file)
      guard clip.channels == 1, rate == nil || clip.sampleRate == rate else {
        throw PipelineError.data(
          "\(file.relativePath) has \(clip.channels) channels at \(clip.sampleRate) Hz; one at \(rate ?? clip.sampleRate) Hz "
            + "would be right, as the others have")
      }
      rate = clip.sampleRate
      return Recording(
        word: word, voice: voice, take: take, levels: clip.samples.map { UInt8(MuLaw.level($0)) })
    }
    (self.words, self.voices, sampleRate) = (words, voices, rate ?? 8000)
  }

  init(words: [String], voices: [String], sampleRate: Int, recordings: [Recording]) {
    (self.words, self.voices, self.sampleRate, self.recordings) = (words, voices, sampleRate, recordings)
  }

  func filter(_ isKept: (Recording) -> Bool) -> SpokenWords {
    SpokenWords(
      words: words, voices: voices, sampleRate: sampleRate, recordings: recordings.filter(isKept))
  }
}
