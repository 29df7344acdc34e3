internal import Foundation
public import PipelineCore

/// P(sound | what is said, by whom), one sample after the other.
public struct AudioSynth: PipelineTask {
  public init() {}

  public let name = "audio-synth"
  public let summary = "speak words in a voice, and say who says what"
  public let statement = "P(sound | words, voice)"
  public let verbs: Set<Verb> = [.run, .score, .classify, .embed, .train, .evaluate]
  public let outputExtension = "wav"
  public let outputExtensions: Set<String> = ["wav", "flac", "ogg"]
  public let inputExtensions: Set<String> = ["wav", "flac", "ogg"]

  public var stages: [StageDefinition] {
    [
      StageDefinition("speak", summary: "speak words in a voice", options: SpeakStage.options) {
        try SpeakStage.make($0, $1)
      }
    ]
  }

  /// The model of that name.
  /// - Throws: `PipelineError` of kind `.usage` for the judge, which says nothing itself.
  static func model(_ name: String, _ specification: Specification) throws -> (
    entry: Specification.Model, model: AudioSynthModel
  ) {
    let entry = try specification.model(named: name)
    if (try? SoundJudge(contentsOf: entry.weights)) != nil {
      let others = specification.models.map(\.name).filter { $0 != entry.name }
      throw PipelineError.usage(
        "model '\(entry.name)' only judges in 'evaluate'; \(others.joined(separator: ", ")) would be right")
    }
    return (entry, try AudioSynthModel(contentsOf: entry.weights))
  }
}
