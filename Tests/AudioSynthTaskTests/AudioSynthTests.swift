import Conditioners
import Foundation
import MediaIO
import MediaTensors
import StepInference
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import AudioSynthTask

struct AudioSynthTests {
  private let small: SmallWords

  init() throws { small = try SmallWords() }

  private func clip(_ data: Data) throws -> AudioClip { try AudioClip(decoding: data, name: "drawn") }

  // MARK: - Data and training

  @Test func takesAreSplit() throws {
    let known = try SpokenWords(folder: small.data, split: .train)
    #expect(known.words == SmallWords.words && known.voices == SmallWords.voices)
    #expect(known.sampleRate == 8000 && known.recordings.count == 12)
    #expect(known.recordings.allSatisfy { $0.take >= 5 && $0.levels.count == 300 + 12 * $0.take })
    let test = try SpokenWords(folder: small.data, split: .test, words: ["yes", "no"])
    #expect(test.recordings.count == 20 && test.recordings.allSatisfy { $0.take < 5 })
    // Names are numbered as the model does.
    #expect(test.recordings[0].word == 1)
  }

  @Test func whatIsNoSetOfRecordingsIsRefused() throws {
    func kind(_ words: [String]? = nil) throws -> PipelineError.Kind {
      let error = try #require(throws: PipelineError.self) {
        try SpokenWords(folder: small.data, split: .test, words: words)
      }
      return error.kind
    }
    #expect(try kind(["yes"]) == .data)
    let faster = AudioClip(sampleRate: 16_000, channels: 1, samples: small.recording("yes", "ann", 0).samples)
    try faster.encoded(as: .wav16).write(to: small.data.appendingPathComponent("yes_ann_4.wav"))
    #expect(try kind() == .data)
    let empty = small.folder.url.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    let error = try #require(throws: PipelineError.self) { try small.train("none", data: [empty]) }
    #expect(error.kind == .data && error.description.contains("<word>_<voice>_<take>.wav"))
  }

  @Test func trainingIsAskedForRightly() throws {
    let requests: [() throws -> TrainingReport] = [
      { try small.train("none", data: []) }, { try small.train("two", data: [small.data, small.data]) },
      { try small.train("from", start: small.data) },
    ]
    for request in requests {
      let error = try #require(throws: PipelineError.self) { try request() }
      #expect(error.kind == .usage)
    }
  }

  @Test func trainsStopsAndResumes() throws {
    let whole = try small.train("whole")
    #expect(whole.isFinished)
    let stopped = try small.train("parts", timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try small.train("parts", resume: true)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    #expect(a.tensors.values.allSatisfy { $0.dtype == .float16 })
  }

  @Test func learns() throws {
    let few = try small.train("few", steps: 1)
    let many = try small.train("many", steps: 120)
    let (before, after) = (
      try #require(few.figures["held-out bits/sample"]), try #require(many.figures["held-out bits/sample"])
    )
    // Fresh weights know of eight bits that they are eight.
    #expect(abs(before - 8) < 0.6)
    #expect(after < before - 0.5)
  }

  @Test func modelKnowsItsWords() throws {
    let specification = try small.published()
    let model = try WordsModel(contentsOf: specification.model(named: "digits").weights)
    #expect(model.description.words == SmallWords.words && model.description.voices == SmallWords.voices)
    #expect(model.description.sampleRate == 8000 && model.hop == 80)
    // Takes 6 and 7 have 372 and 384 samples, five frames each.
    #expect(model.description.lengths.joined().allSatisfy { abs($0.mean - log(5)) < 1e-9 })
    #expect(try model.vocabulary.words(in: " Yes no,YES ") == [1, 0, 1])
    #expect(try model.vocabulary.voice("bob") == 1)
    #expect(
      try small.draw(specification, "\u{FEFF}yes\n", ["speaker": "bob"]).together
        != small.draw(specification, "no", ["speaker": "bob"]).together)
  }

  // MARK: - Drawing

  @Test func drawIsTheSameInAnyCount() throws {
    let specification = try small.published()
    for text in ["", "yes no"] {
      let many = try small.draw(specification, text, ["seed": "3", "count": "3", "first": "4"], workers: 2)
      #expect(many.single.map(\.index) == [4, 5, 6])
      let serial = try small.draw(specification, text, ["seed": "3", "count": "3", "first": "4"])
      #expect(serial.together == many.together)
      var sounds = Set<[Float]>()
      for (index, data) in many.single {
        let alone = try small.draw(specification, text, ["seed": "3", "first": "\(index)", "count": "1"])
        #expect(alone.together == data && alone.single.map(\.data) == [data])
        sounds.insert(try clip(data).samples)
      }
      #expect(sounds.count == 3)
    }
  }

  @Test func seedDecides() throws {
    let specification = try small.published()
    func sound(_ seed: Int) throws -> Data {
      try small.draw(specification, "yes", ["seed": "\(seed)", "speaker": "ann"]).together
    }
    #expect(try sound(1) == sound(1))
    #expect(try clip(sound(1)).samples != clip(sound(2)).samples)
  }

  @Test func drawIsASound() throws {
    let specification = try small.published()
    let drawn = try clip(
      small.draw(specification, "yes no", ["speaker": "bob", "seed": "5", "gap": "0.1"]).together)
    #expect(drawn.sampleRate == 8000 && drawn.channels == 1)
    // Two words of five frames, as all takes that were heard have, and a tenth of a second.
    #expect(drawn.frameCount == 2 * 5 * 80 + 800)
    #expect(drawn.samples.allSatisfy { $0.isFinite && (-1...1).contains($0) })
    #expect(drawn.samples[400..<1200].allSatisfy { $0 == 0 })
    #expect(Set(drawn.samples[..<400]).count > 20)
    let provenance = try #require(try Provenance(comment: drawn.comment ?? "", name: "x"))
    #expect(provenance.condition?.values == ["words": "yes no", "speaker": "bob"])
    #expect(provenance.condition?.isDrawn == false && provenance.seed == 5 && provenance.sampleIndex == 0)
  }

  @Test func whatIsNotSaidIsDrawn() throws {
    let specification = try small.published()
    let files = try small.draw(specification, "", ["count": "12"], workers: 2)
    let conditions = try files.single.map { file -> Provenance.Condition in
      try #require(try Provenance(comment: clip(file.data).comment ?? "", name: "x")?.condition)
    }
    #expect(conditions.allSatisfy { $0.isDrawn && $0.values["words"]?.split(separator: " ").count == 3 })
    #expect(Set(conditions.compactMap { $0.values["speaker"] }) == Set(SmallWords.voices))
    #expect(Set(conditions.compactMap { $0.values["words"] }).count > 2)
  }

  @Test(arguments: ["wav", "flac", "ogg"]) func formats(_ format: String) throws {
    let specification = try small.published()
    let given = ["speaker": "ann", "seed": "2"]
    let data = try small.draw(specification, "no", given.merging(["format": format]) { $1 }).together
    let marks = ["wav": "RIFF", "flac": "fLaC", "ogg": "OggS"]
    #expect(String(decoding: data.prefix(4), as: UTF8.self) == marks[format])
    let drawn = try clip(data)
    #expect(drawn.sampleRate == 8000 && drawn.channels == 1 && drawn.frameCount == 400)
    #expect(try Provenance(comment: drawn.comment ?? "", name: "x")?.options["format"] == format)
    if format == "flac" {
      #expect(try clip(small.draw(specification, "no", given).together).samples == drawn.samples)
    }
  }

  @Test func unknownNamesAreRefused() throws {
    let specification = try small.published()
    func message(_ body: () throws -> Void) throws -> String {
      let error = try #require(throws: PipelineError.self) { try body() }
      #expect(error.kind == .usage)
      return error.description
    }
    #expect(try message { _ = try small.draw(specification, "yess") }.contains("did you mean 'yes'"))
    #expect(
      try message { _ = try small.draw(specification, "yes", ["speaker": "anne"]) }
        .contains("did you mean 'ann'"))
    _ = try message { _ = try small.draw(specification, "yes", ["speak": "no"]) }
    _ = try message { _ = try small.draw(specification, ", ") }
    let wav = try small.wav("yes", "ann", 0)
    for given in [["word": "yess"], ["word": "yes no"], ["speaker": "bo"]] {
      _ = try message { _ = try small.task.score(small.request(.score, wav, given), specification) }
    }
  }
}
