import Foundation
import MediaIO
import PipelineCore
import StepInference
import TestSupport
import Testing
import Torch

@testable import AudioSynthTask

/// Voices by spectrograms, the vocoder, and notes: trained, resumed, drawn.
struct SoundsTests {
  private let small: SmallSounds

  init() throws { small = try SmallSounds() }

  @Test(arguments: ["voices", "vocoder", "notes"]) func trainsStopsAndResumes(_ model: String) throws {
    let whole = try small.train(model, "whole")
    #expect(whole.isFinished)
    let stopped = try small.train(model, "parts", timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try small.train(model, "parts", resume: true)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    #expect(a.tensors.values.allSatisfy { $0.dtype == .float16 })
  }

  /// One seed, any count, any order, any number of threads: the same bytes.
  @Test func drawsAreTheSameInAnyCount() throws {
    let specification = try small.published()
    let recording = small.words.folder.url.appendingPathComponent("data/yes_ann_0.wav").path
    for given in [
      ["speak": "yes no"], ["speaker": "ann"], ["note": "C4", "seconds": "0.2"], ["instrument": "pipe"],
      ["mel": recording],
    ] {
      let many = try small.words.draw(
        specification, "", given.merging(["seed": "3", "count": "3", "first": "2"]) { $1 }, workers: 2)
      #expect(many.single.map(\.index) == [2, 3, 4] && Set(many.single.map(\.data)).count == 3, "\(given)")
      for (index, data) in many.single {
        let alone = try small.words.draw(
          specification, "", given.merging(["seed": "3", "first": "\(index)"]) { $1 })
        #expect(alone.together == data)
      }
    }
  }

  /// Each word has noise of its own, up to the last one of the longest text.
  @Test func theLastWordOfTheLongestTextIsSaid() throws {
    let specification = try small.published()
    let model = try VoicesModel(contentsOf: specification.model(named: "voices").weights)
    let vocoder = try Vocoder(contentsOf: specification.model(named: "vocoder").weights)
    let speech = try Speech(model, vocoder: vocoder, precision: "int8")
    for place in [4096, Vocabulary.longestText - 1] {
      let key = Speech.Key(seed: 1, sample: 0, place: UInt64(place))
      var count = 0
      let event = speech.event(word: 0, voice: 0, at: 0, key, .init())
      try event.make { count += $0.count }
      #expect(count == event.frames && count > 0)
    }
  }

  private func provenance(_ data: Data) throws -> Provenance {
    try #require(try Provenance(comment: AudioClip(decoding: data, name: "x").comment ?? "", name: "x"))
  }

  @Test func filesSayWhatTheyAreOf() throws {
    let specification = try small.published()
    let note = try small.words.draw(
      specification, "", ["note": "D4", "instrument": "bell", "seconds": "0.1"])
    let clip = try AudioClip(decoding: note.together, name: "note")
    // The key is held for a tenth of a second, and the rest of the sound is half as long; frames are whole.
    #expect(clip.sampleRate == 16_000 && clip.frameCount == 2400)
    #expect(clip.samples.last == 0 && clip.samples.allSatisfy { (-1...1).contains($0) })
    let condition = try #require(try provenance(note.together).condition)
    #expect(condition.values == ["instrument": "bell", "notes": "D4"] && !condition.isDrawn)
    #expect(try provenance(note.together).model == "notes")
    let any = try provenance(small.words.draw(specification, "", ["note": "C4"]).together)
    #expect(any.condition?.isDrawn == true && ["bell", "pipe"].contains(any.condition?.values["instrument"]))
    let words = try provenance(small.words.draw(specification, "yes", ["speaker": "ann"]).together)
    // The vocoder's weights decide as well.
    let vocoder = try Digest.sha256(of: specification.model(named: "vocoder").weights)
    #expect(words.condition?.values["vocoder SHA-256"] == vocoder && words.model == "voices")
  }

  @Test func chordsAndMelodies() throws {
    let specification = try small.published()
    let tune = small.words.folder.url.appendingPathComponent("tune.txt")
    try Data("tempo 600\nC4 1\nC4+D4 2\n".utf8).write(to: tune)
    let drawn = try small.words.draw(specification, "", ["score": tune.path, "instrument": "pipe"])
    let clip = try AudioClip(decoding: drawn.together, name: "tune")
    // 0.1 s and 0.2 s, and the last keys' release.
    #expect(clip.frameCount == 5600)
    #expect(try provenance(drawn.together).condition?.values["notes"] == "C4 C4 D4")
    try Data("C4 1\nC6 1\n".utf8).write(to: tune)
    let error = try #require(throws: PipelineError.self) {
      try small.words.draw(specification, "", ["score": tune.path])
    }
    #expect(error.kind == .data && error.description.contains("tune.txt has C6"), "\(error)")
    #expect(error.description.contains("D#4"))
  }

  /// What a file says of its making is enough to make it again, wherever its input lies by then.
  @Test(arguments: ["mel", "score"]) func namedFilesAreFoundByTheirContents(_ option: String) throws {
    let specification = try small.published()
    let folder = small.words.folder.url
    let input = folder.appendingPathComponent(option == "mel" ? "in.wav" : "tune.txt")
    try (option == "mel" ? small.words.wav("yes", "ann", 0) : Data("C4 0.2\n".utf8)).write(to: input)
    let data = try small.words.draw(specification, "", [option: input.path]).together
    let file = folder.appendingPathComponent("sub/out.wav")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    let said = try provenance(data)
    #expect(said.options[option] == "" && said.options["model"] == said.model)
    // Neither beside it nor in the working folder.
    #expect(throws: PipelineError.self) { try Replay(file, input: nil) }
    #expect(throws: PipelineError.self) { try Replay(file, input: file) }
    let moved = file.deletingLastPathComponent().appendingPathComponent("moved")
    try FileManager.default.moveItem(at: input, to: moved)
    let replay = try Replay(file, input: nil)
    #expect(replay.input?.lastPathComponent == "moved" && replay.options[option]?.value == moved.path)
    #expect(try replay.inputData().isEmpty)
    #expect(try replay.differences(small.words.task, specification).isEmpty)
    let again = try Options(AskedSound.options, owner: "replay", given: replay.options)
    #expect(
      try small.words.task.draw("", again, specification, context: StageContext()).together == data)
    // Other weights are told apart.
    let weights = try specification.model(named: said.model ?? "").weights
    try change(weights)
    #expect(try replay.differences(small.words.task, specification).count == 1)
  }

  /// Weights that are as good as before, but others.
  private func change(_ file: URL) throws {
    let before = try Safetensors(contentsOf: file)
    let notes = before.metadata.merging(["changed": "yes"]) { $1 }
    try Safetensors(metadata: notes, tensors: before.tensors).encoded().write(to: file)
  }

  @Test func theVocodersWeightsAreCompared() throws {
    let specification = try small.published()
    let file = small.words.folder.url.appendingPathComponent("out.wav")
    try small.words.draw(specification, "yes").together.write(to: file)
    let weights = try specification.model(named: "vocoder").weights
    try change(weights)
    let differences = try Replay(file, input: nil).differences(small.words.task, specification)
    #expect(differences.count == 1 && differences[0].hasPrefix("vocoder SHA-256"), "\(differences)")
    try Data("broken".utf8).write(to: weights)
    #expect(throws: FormatError.self) { try small.words.draw(specification, "yes") }
    // And a file without an input has none to be given.
    let error = try #require(throws: PipelineError.self) { try Replay(file, input: file) }
    #expect(error.kind == .usage)
  }

  /// A picture of all in one file, or of each in a folder; where it cannot be, nothing is made.
  @Test func spectrogramsAreOfAllOrOfEach() throws {
    let specification = try small.published()
    let folder = small.words.folder.url.appendingPathComponent("pictures")
    func drawn(_ given: [String: String]) throws -> DrawnSounds {
      let options = try Options(
        AskedSound.options, owner: "test", given: given.mapValues { GivenOption($0, place: "test") })
      return try small.words.task.sounds("yes", options, specification, context: StageContext())
    }
    let each = try drawn(["count": "2", "first": "5", "spectrogram": folder.path + "/"])
    #expect(each.beside?.isOfEach == true)
    for (_, sound) in each.single { _ = try sound.data() }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["audio-synth-0005.png", "audio-synth-0006.png"])
    let all = try drawn(["count": "2", "spectrogram": folder.appendingPathComponent("all.png").path])
    #expect(all.beside?.isOfEach == false)
    for (_, sound) in all.single { _ = try sound.data() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    _ = try all.together.data()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 3)
    // One sound is all as well as each.
    #expect(try drawn(["spectrogram": folder.path]).beside == nil)
    let lost = try drawn(["spectrogram": folder.path + "/none/a.png"])
    let sink = MemorySink()
    #expect(throws: MediaError.self) { try lost.together.write(to: sink) }
    #expect(sink.data.isEmpty)
  }

  /// The vocoder hears another rate and more channels, and answers in its own.
  @Test func recordingsAreMadeAgain() throws {
    let specification = try small.published()
    let file = small.words.folder.url.appendingPathComponent("in.flac")
    let tone = (0..<1600).map { Float(0.3 * sin(2 * Double.pi * 500 * Double($0) / 16_000)) }
    try AudioClip(sampleRate: 16_000, channels: 2, samples: tone.flatMap { [$0, $0] }).write(to: file)
    let drawn = try small.words.draw(specification, "", ["mel": file.path])
    let clip = try AudioClip(decoding: drawn.together, name: "again")
    #expect(clip.sampleRate == 8000 && clip.frameCount == 800 && Set(clip.samples).count > 20)
    let condition = try #require(try provenance(drawn.together).condition)
    #expect(try condition.inputSHA256 == Digest.sha256(of: file) && condition.inputOption == "mel")
    for data in [Data(), Data("RIFF".utf8)] {
      try data.write(to: file)
      #expect(throws: MediaError.self) { try small.words.draw(specification, "", ["mel": file.path]) }
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    let specification = try small.published()
    for (given, hint) in [
      (["note": "C4", "speak": "yes"], "--speak and --note"), (["note": "H4"], "Bb5"),
      (["note": "C7"], "C4 to D#4"),
      (["instrument": "pip"], "did you mean 'pipe'"), (["note": "C4", "score": "x"], "one of them"),
      (["model": "vocoder", "note": "C4"], "notes would be right"),
      (["model": "notes", "mel": "x"], "vocoder"),
      (["model": "voices", "note": "C4"], "--note asks for; notes would be right"),
      (["model": "voices", "mel": "x"], "--mel asks for; vocoder would be right"),
      (["first": "1000000000", "count": "2"], "at most 1000000000"), (["spectrogram": "x.jpg"], ".png"),
      (["note": "C4", "seconds": "700", "spectrogram": "x.png"], "600"),
    ] {
      let error = try #require(throws: PipelineError.self) { try small.words.draw(specification, "", given) }
      #expect(error.kind == .usage && error.description.contains(hint), "\(given): \(error)")
    }
    for given in [["note": "C4"], ["mel": "x"], ["instrument": "pipe"]] {
      let error = try #require(throws: PipelineError.self) {
        try small.words.draw(specification, "yes", given)
      }
      #expect(error.kind == .usage && error.description.contains("'yes' is to be said"), "\(error)")
    }
    // Before anything is planned, which would take memory for each word.
    let words = String(repeating: "yes ", count: Vocabulary.longestText)
    let many = try #require(throws: PipelineError.self) {
      try small.words.draw(specification, words, ["count": "40"])
    }
    #expect(many.kind == .usage && many.description.contains("--count of at most 4"), "\(many)")
    let wav = try small.words.wav("yes", "ann", 0)
    let error = try #require(throws: PipelineError.self) {
      try small.words.task.score(small.words.request(.score, wav, ["model": "notes"]), specification)
    }
    #expect(error.kind == .usage)
    let empty = small.words.folder.url.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    for model in ["notes", "vocoder", "voices"] {
      let error = try #require(throws: PipelineError.self) {
        try small.words.train("none", model: model, data: [empty])
      }
      #expect(error.kind == .data, "\(model)")
    }
  }

  @Test func evaluation() throws {
    let specification = try small.published()
    let options = try Options(
      small.words.task.evaluationOptions, owner: "test",
      given: ["limit": .commandLine("limit", "10"), "draws": .commandLine("draws", "10")])
    let request = EvaluationRequest(
      model: "all", data: [small.words.data, small.notes], options: options, workers: 2)
    let table = try #require(try small.words.task.evaluate(request, specification).first)
    func figure(_ row: String, _ name: String) throws -> Double? {
      let column = try #require(table.columns.firstIndex { $0.name == name })
      return try #require(table.rows.first { $0.name == row }).values[column]
    }
    for model in ["vocoder", "notes"] {
      #expect(try (0...12).contains(#require(try figure(model, "bits/sample"))))
      #expect(try abs(#require(try figure(model, "more with int8"))) < 1)
    }
    #expect(try (0...100).contains(#require(try figure("notes", "notes within 10 cents (%)"))))
    #expect(try #require(try figure("voices", "times real time")) > 0)
    #expect(try figure("voices", "bits/sample") == nil)
  }
}
