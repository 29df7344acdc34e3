internal import Foundation
public import PipelineCore

/// P(sound | what is said, by whom), one sample after the other.
public struct AudioSynth: PipelineTask {
  public init() {}

  public let name = "audio-synth"
  public let summary = "speak words in a voice, play notes, and say who says what"
  public let statement = "P(sound | words and voice, notes, or spectrogram)"
  public let verbs: Set<Verb> = [.run, .score, .classify, .complete, .embed, .train, .evaluate]
  public let outputExtension = "wav"
  public let outputExtensions: Set<String> = ["wav", "flac", "ogg"]
  public let inputExtensions: Set<String> = ["wav", "flac", "ogg"]

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "synthesize", summary: "make sound of words, notes or a spectrogram", options: AskedSound.options
      ) {
        try SynthesizeStage.make($0, $1)
      }
    ]
  }

  /// Voices alone make no sound.
  public func otherWeights(_ options: [String: String], _ specification: Specification) throws
    -> [String: String]
  {
    guard let name = options["model"],
      SoundFile.kind(of: try specification.model(named: name).weights) == .voices
    else { return [:] }
    return [
      "vocoder SHA-256": try Digest.sha256(of: Self.entry(of: .vocoder, specification).weights)
    ]
  }

  /// The model of words of that name, which says how probable sound is.
  /// - Throws: `PipelineError` of kind `.usage` for a model of another kind.
  static func model(_ name: String, _ specification: Specification) throws -> (
    entry: Specification.Model, model: WordsModel
  ) {
    let entry = try specification.model(named: name)
    if let kind = SoundFile.kind(of: entry.weights), kind != .words {
      let right = specification.models.filter { SoundFile.kind(of: $0.weights) == .words }.map(\.name)
      throw PipelineError.usage(
        "model '\(name)' does not say how probable a recording of a word is; "
          + "\(right.joined(separator: ", ")) would be right")
    }
    return (entry, try WordsModel(contentsOf: entry.weights))
  }
}
