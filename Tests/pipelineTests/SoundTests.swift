import Foundation
import MediaIO
import PipelineKit
import Testing

/// Sound as people ask for it, with the committed weights.
struct SoundTests {
  private func sound(_ file: String, _ tool: Tool) throws -> AudioClip {
    try AudioClip(contentsOf: tool.folder.appendingPathComponent(file))
  }

  /// Neither silence, nor clipping, nor an offset, nor a click at an end.
  private func checkSound(_ clip: AudioClip, _ name: String) {
    let power = clip.samples.reduce(0) { $0 + $1 * $1 } / Float(clip.samples.count)
    #expect(power.squareRoot() > 0.003, "\(name) is silent")
    #expect(clip.samples.count { abs($0) > 0.99 } < clip.samples.count / 200, "\(name) is clipped")
    let mean = clip.samples.reduce(0, +) / Float(clip.samples.count)
    #expect(abs(mean) < 0.01, "\(name) is off by \(mean)")
    #expect(abs(clip.samples.first ?? 0) < 0.2 && abs(clip.samples.last ?? 0) < 0.2, "\(name) clicks")
  }

  @Test func speaksInEveryFormat() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let spoken = try tool(["run", "audio-synth", "--speak", "47", "--speaker", "theo", "-o", "a.flac"])
    #expect(spoken.status == 0 && spoken.text == "a.flac\n", "\(spoken.errors)")
    let clip = try sound("a.flac", tool)
    #expect(clip.sampleRate == 8000)
    checkSound(clip, "theo")
    let replay = try tool(["replay", "a.flac"])
    #expect(replay.status == 0, "\(replay.errors)")
    let known = try tool(["classify", "audio-synth", "a.flac"])
    #expect(known.status == 0 && known.text.contains("a.flac: "), "\(known.errors)")
    // A pipe gets the bytes of the file.
    for model in ["voices", "digits"] {
      let asked = ["run", "audio-synth", "--model", model, "--count", "2", "--seed", "3", "-o"]
      let piped = try tool(asked + ["-"])
      #expect(try tool(asked + ["\(model).wav"]).status == 0)
      #expect(
        try Data(contentsOf: tool.folder.appendingPathComponent("\(model).wav")) == piped.output,
        "\(piped.errors)")
      checkSound(try sound("\(model).wav", tool), model)
    }
  }

  @Test func recordingsAreMadeAgainAndMended() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(
      try tool(["run", "audio-synth", "--speak", "8", "--speaker", "george", "-o", "a.wav"]).status == 0)
    let again = try tool(["run", "audio-synth", "--mel", "a.wav", "-o", "b.wav"])
    #expect(again.status == 0, "\(again.errors)")
    let (before, after) = (try sound("a.wav", tool), try sound("b.wav", tool))
    #expect(before.frameCount == after.frameCount && before.samples != after.samples)
    checkSound(after, "vocoder")
    let mended = try tool([
      "complete", "audio-synth", "a.wav", "--from", "0.1", "--to", "0.12", "--speaker", "george", "-o",
      "c.flac",
    ])
    #expect(mended.status == 0 && mended.text == "c.flac\n", "\(mended.errors)")
    #expect(try sound("c.flac", tool).frameCount == before.frameCount)
    // What follows says which word begins with the gap; and the file's name says what it is.
    let begun = try tool([
      "complete", "audio-synth", "a.wav", "--from", "0", "--to", "0.05", "--count", "2", "--format", "flac",
    ])
    #expect(begun.status == 0 && begun.text == "a-complete.flac\n", "\(begun.errors)")
    let both = try sound("a-complete.flac", tool)
    #expect(both.frameCount == 2 * before.frameCount + 4000)
    let said = try #require(try Provenance(comment: both.comment ?? "", name: "x"))
    #expect(said.condition?.values == ["word": "8", "speaker": "george"] && said.options["count"] == "2")
  }

  @Test func wrongWordsAreRefused() throws {
    let tool = try Tool()
    defer { tool.remove() }
    for (arguments, status) in [
      (["run", "audio-synth", "--speaker", "theos"], 2), (["run", "audio-synth", "eleven"], 2),
      (["run", "audio-synth", "-o", "a.mp3"], 2), (["run", "audio-synth", "--model", "judge"], 2),
      (["score", "audio-synth", "none.wav"], 1),
      (["run", "audio-synth", "--format", "ogg", "-o", "a.wav"], 2),
      (["run", "audio-synth", "--note", "C4"], 2), (["run", "audio-synth", "--mel", "none.wav"], 1),
      (["run", "audio-synth", "--note", "C4", "--speak", "4"], 2),
      (["complete", "audio-synth", "none.wav"], 2),
    ] {
      let refused = try tool(arguments)
      #expect(
        refused.status == status && refused.errors.hasPrefix("pipeline: "), "\(arguments): \(refused.errors)")
      #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: tool.folder.path).isEmpty)
    }
  }
}
