import Foundation
import MediaIO
import MediaTensors
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

  /// What was made of a recording is made again, in whatever folder both lie; what differs is named.
  @Test func recordingsAreReplayed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let spoken = ["run", "audio-synth", "--speak", "3", "--speaker", "theo", "-o"]
    #expect(try tool(spoken + ["in.wav"]).status == 0)
    let recording = try Data(contentsOf: tool.folder.appendingPathComponent("in.wav"))
    let made = try tool(["run", "audio-synth", "--mel", "in.wav", "-o", "sub.flac"])
    #expect(made.status == 0, "\(made.errors)")
    // Standard input is a recording like any other.
    let piped = try tool(["run", "audio-synth", "--mel", "-", "-o", "piped.flac"], input: recording)
    #expect(piped.status == 0, "\(piped.errors)")
    let bytes = try Data(contentsOf: tool.folder.appendingPathComponent("sub.flac"))
    #expect(try Data(contentsOf: tool.folder.appendingPathComponent("piped.flac")) == bytes)
    let empty = try tool(["run", "audio-synth", "--mel", "-", "-o", "empty.flac"])
    #expect(empty.status == 1 && empty.errors.contains("standard input is empty"), "\(empty.errors)")

    let away = tool.folder.appendingPathComponent("away")
    try FileManager.default.createDirectory(at: away, withIntermediateDirectories: true)
    for (from, to) in [("in.wav", "away/other-name.wav"), ("sub.flac", "away/sub.flac")] {
      try FileManager.default.moveItem(
        at: tool.folder.appendingPathComponent(from), to: tool.folder.appendingPathComponent(to))
    }
    let same = try tool(["replay", "away/sub.flac", "--json"])
    #expect(same.status == 0 && same.text.contains("\"differences\":[]"), "\(same.errors)")
    let lost = try tool(["replay", "piped.flac"])
    #expect(lost.status == 1 && lost.errors.contains("--input"), "\(lost.errors)")
    let given = try tool(["replay", "piped.flac", "--input", "away/other-name.wav"])
    #expect(given.status == 0, "\(given.errors)")
    let wrong = try tool(["replay", "piped.flac", "--input", "away/sub.flac"])
    #expect(wrong.status == 1 && wrong.errors.contains("is not what piped.flac was made from"))
    let none = try tool(["replay", "away/other-name.wav", "--input", "piped.flac"])
    #expect(none.status == 2 && none.errors.contains("made from no file"), "\(none.errors)")

    // A sample changed by hand.
    var changed = try sound("piped.flac", tool)
    changed.samples[100] += 0.25
    try changed.write(to: tool.folder.appendingPathComponent("piped.flac"))
    let differs = try tool(["replay", "piped.flac", "--input", "away/other-name.wav", "-o", "again.flac"])
    #expect(
      differs.status == 1 && differs.errors.contains("samples up to 0.25 of full scale apart"),
      "\(differs.errors)")
    #expect(try Data(contentsOf: tool.folder.appendingPathComponent("again.flac")) == bytes)
    #expect(tool.files == ["again.flac", "away", "piped.flac"])
  }

  /// FLAC in a pipe lacks what a file's header says; replay knows.
  @Test func whatWentThroughAPipeIsReplayed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let piped = try tool(["run", "audio-synth", "--speak", "3", "--format", "flac", "-o", "-"])
    try piped.output.write(to: tool.folder.appendingPathComponent("a.flac"))
    let same = try tool(["replay", "a.flac"])
    #expect(same.status == 0, "\(same.errors)")
  }

  /// Within ten cents, half a second long, by every instrument that is asked for.
  @Test func notesAreInTune() throws {
    let tool = try Tool()
    defer { tool.remove() }
    for (note, frequency, instrument) in [
      ("C4", 261.626, "flute"), ("A4", 440, "clarinet"), ("Eb5", 622.254, "trumpet"),
      ("G3", 195.998, "piano"),
    ] {
      let played = try tool([
        "run", "audio-synth", "--note", note, "--instrument", instrument, "--seconds", "0.6", "-o",
        "note.flac",
      ])
      #expect(played.status == 0, "\(played.errors)")
      let clip = try sound("note.flac", tool)
      #expect(clip.sampleRate == 16_000)
      checkSound(clip, instrument)
      let found = PitchEstimate.frequency(
        Array(clip.samples[800..<8800]), sampleRate: clip.sampleRate, range: frequency / 4...frequency * 4)
      let cents = found.map { abs(1200 * log2($0 / frequency)) } ?? .infinity
      #expect(cents < 10, "\(note) of \(instrument) is \(cents) cents off")
    }
    let replay = try tool(["replay", "note.flac"])
    #expect(replay.status == 0, "\(replay.errors)")
  }

  @Test func tunesArePlayedAndReplayed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try Data("tempo 240\nC4 1\nE4+G4 1\nR 1\nC5 2\n".utf8).write(
      to: tool.folder.appendingPathComponent("tune.txt"))
    let played = try tool([
      "run", "audio-synth", "--score", "tune.txt", "--instrument", "flute", "--seed", "2", "-o", "tune.wav",
    ])
    #expect(played.status == 0, "\(played.errors)")
    let clip = try sound("tune.wav", tool)
    // Five beats of a quarter of a second, and half a second until the last note is over.
    #expect(abs(clip.duration - 1.75) < 0.02)
    checkSound(clip, "tune")
    let replay = try tool(["replay", "tune.wav"])
    #expect(replay.status == 0, "\(replay.errors)")
    try Data("C4 1\nH4 1\n".utf8).write(to: tool.folder.appendingPathComponent("tune.txt"))
    let refused = try tool(["run", "audio-synth", "--score", "tune.txt", "-o", "x.wav"])
    #expect(refused.status == 1 && refused.errors.contains("tune.txt:2"), "\(refused.errors)")
    #expect(tool.files == ["tune.txt", "tune.wav"])
  }

  @Test func spectrogramsGoWithTheirSounds() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let two = ["run", "audio-synth", "--speak", "3", "--count", "2", "-o"]
    for (arguments, hint) in [
      (two + ["takes/", "--spectrogram", "a.png"], "a folder, ending in /, would be right"),
      (two + ["takes.wav", "--spectrogram", "pictures/"], "the name of a file would be right"),
      (two + ["-", "--spectrogram", "pictures/"], "the name of a file would be right"),
    ] {
      let refused = try tool(arguments)
      #expect(refused.status == 2 && refused.errors.contains(hint), "\(refused.errors)")
      #expect(refused.output.isEmpty && tool.files.isEmpty)
    }
    let lost = try tool(two + ["a.wav", "--spectrogram", "none/a.png"])
    #expect(lost.status == 1 && lost.errors.contains("does not exist"), "\(lost.errors)")
    #expect(tool.files.isEmpty)
    let each = try tool(two + ["takes/", "--spectrogram", "takes/"])
    #expect(each.status == 0, "\(each.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: tool.path("takes")).sorted() == [
        "audio-synth-0000.png", "audio-synth-0000.wav", "audio-synth-0001.png", "audio-synth-0001.wav",
      ])
  }

  @Test func wrongWordsAreRefused() throws {
    let tool = try Tool()
    defer { tool.remove() }
    for (arguments, status) in [
      (["run", "audio-synth", "--speaker", "theos"], 2), (["run", "audio-synth", "eleven"], 2),
      (["run", "audio-synth", "-o", "a.mp3"], 2), (["run", "audio-synth", "--model", "judge"], 2),
      (["score", "audio-synth", "none.wav"], 1),
      (["run", "audio-synth", "--format", "ogg", "-o", "a.wav"], 2),
      (["run", "audio-synth", "--note", "C9"], 2), (["run", "audio-synth", "--mel", "none.wav"], 1),
      (["run", "audio-synth", "--note", "C4", "--speak", "4"], 2),
      (["complete", "audio-synth", "none.wav"], 2),
      (["run", "audio-synth", "--model", "digits", "--note", "C4"], 2),
      (["run", "audio-synth", "4", "--mel", "none.wav"], 2),
      (["run", "audio-synth", "--first", "1000000000", "--count", "2"], 2),
      (["run", "class-image", "--first", "1000000000", "--count", "2"], 2),
    ] {
      let refused = try tool(arguments)
      #expect(
        refused.status == status && refused.errors.hasPrefix("pipeline: "), "\(arguments): \(refused.errors)")
      #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: tool.folder.path).isEmpty)
    }
  }
}
