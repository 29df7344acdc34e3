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

/// What is said of recordings: scores, classes, gaps, embeddings, and the judge.
struct AudioSynthVerbsTests {
  private let small: SmallWords

  init() throws { small = try SmallWords() }

  private func clip(_ data: Data) throws -> AudioClip { try AudioClip(decoding: data, name: "drawn") }

  /// P(x) = Σ P(x | y) P(y).
  @Test func scores() throws {
    let specification = try small.published()
    let wav = try small.wav("yes", "ann", 1)
    func score(_ given: [String: String]) throws -> ScoreReport {
      try small.task.score(small.request(.score, wav, given), specification)
    }
    let any = try score([:])
    #expect(any.kind == "exact" && any.dimensions == 312 && any.condition == nil)
    let bits: Double = -any.nats / (312 * log(2))
    #expect(abs(any.bitsPerDimension - bits) < 1e-12 && bits > 0 && bits < 10)
    var each: [Double] = []
    for word in SmallWords.words {
      let byVoice = try SmallWords.voices.map { try score(["word": word, "speaker": $0]).nats }
      let byAny = try score(["word": word]).nats
      #expect(abs(byAny - logMean(byVoice)) < 1e-3)
      each.append(byAny)
    }
    #expect(abs(any.nats - logMean(each)) < 1e-3)
    #expect(each[0] != each[1])
  }

  private func logMean(_ nats: [Double]) -> Double {
    let most = nats.max() ?? 0
    let sum = nats.reduce(0.0) { $0 + exp($1 - most) }
    return most + log(sum / Double(nats.count))
  }

  @Test(
    arguments: [("word", ["no", "yes"]), ("speaker", ["ann", "bob"]), ("both", [])] as [(String, [String])])
  func classification(_ asked: String, _ names: [String]) throws {
    let specification = try small.published()
    let request = try small.request(.classify, small.wav("yes", "bob", 2), ["of": asked])
    let report = try small.task.classify(request, specification)
    #expect(abs(report.posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    if asked == "both" {
      #expect(report.posterior.count == 4 && report.posterior.contains { $0.name == "yes by bob" })
    } else {
      #expect(Set(report.posterior.map(\.name)) == Set(names))
    }
    #expect(report.posterior.allSatisfy { (0...1).contains($0.probability) })
    let typicality = try #require(report.typicality)
    #expect((0...1).contains(typicality))
  }

  @Test func gapsAreFilled() throws {
    let specification = try small.published()
    let wav = try small.wav("yes", "ann", 1)
    let whole = try clip(wav).samples
    func fill(_ given: [String: String]) throws -> DrawnFiles {
      let given = ["from": "0.01", "to": "0.02"].merging(given) { $1 }
      return try small.task.complete(small.request(.complete, wav, given), specification)
    }
    let many = try fill(["count": "3", "seed": "4"])
    #expect(Set(many.single.map(\.data)).count == 3)
    #expect(try fill(["count": "1", "seed": "4"]).together == many.single[0].data)
    let drawn = try clip(many.single[0].data)
    #expect(drawn.frameCount == whole.count)
    // What is there stays.
    for index in whole.indices where !(80..<160).contains(index) {
      #expect(drawn.samples[index] == whole[index])
    }
    #expect(zip(drawn.samples[80..<160], whole[80..<160]).contains { abs($0 - $1) > 0.02 })
    let condition = try #require(try Provenance(comment: drawn.comment ?? "", name: "x")?.condition)
    #expect(condition.isDrawn && condition.inputSHA256 == Digest.sha256(wav))
    let told = try fill(["word": "yes", "speaker": "ann", "format": "flac"]).together
    let said = try #require(try Provenance(comment: clip(told).comment ?? "", name: "x")?.condition)
    #expect(!said.isDrawn && said.values == ["word": "yes", "speaker": "ann"])
    for given in [["from": "0.02", "to": "0.02"], ["from": "1", "to": "2"]] {
      let error = try #require(throws: PipelineError.self) { try fill(given) }
      #expect(error.kind == .usage && error.description.contains("0.04 s"))
    }
    // To the end, and beyond it, where nothing follows.
    let end = try clip(fill(["to": "3"]).together)
    #expect(end.frameCount == whole.count)
  }

  /// Rate, channels, bits, comment and all samples outside the gap stay; the gap begins and ends without a click.
  @Test(arguments: [44_100, 22_050, 4000, 8000, 11_111]) func whatIsThereStays(_ rate: Int) throws {
    let specification = try small.published()
    let frames = rate / 20
    let tone = (0..<frames).map { Float(0.4 * sin(2 * Double.pi * 400 * Double($0) / Double(rate))) }
    let stereo = AudioClip(
      sampleRate: rate, channels: 2, samples: tone.flatMap { [$0 + 1e-5, -$0] }, comment: "by me")
    let wav = try stereo.encoded(as: .wav24)
    let before = try clip(wav)
    for (format, bits) in [("wav", 24), ("flac", 24)] {
      let request = try small.request(
        .complete, wav, ["from": "0.02", "to": "0.03", "format": format, "word": "yes"])
      let data = try small.task.complete(request, specification).together
      let after = try clip(data)
      #expect(after.sampleRate == rate && after.channels == 2 && after.frameCount == frames)
      #expect(try AudioReader(decoding: data, name: "after").bitDepth == bits)
      #expect(after.comment?.hasPrefix("by me\n") == true)
      let gap = rate / 50 * 2..<rate * 3 / 100 * 2
      for index in before.samples.indices where !gap.contains(index) {
        #expect(after.samples[index] == before.samples[index])
      }
      #expect(zip(after.samples[gap], before.samples[gap]).contains { abs($0 - $1) > 0.01 })
    }
  }

  /// Nothing of what was missing is heard, and the ends meet.
  @Test func seamsAreInsideTheGap() {
    let ramp = (0..<400).map { Float($0) / 400 }
    var holed = ramp
    for index in 100..<200 { holed[index] = -1 }
    let recording = FilledRecording(
      AudioClip(sampleRate: 8000, channels: 1, samples: holed), from: 0.0125, to: 0.025, rate: 8000)
    #expect(recording.gap == 100..<200)
    let filled = recording.samples([Float](repeating: 0.9, count: 400))
    #expect(Array(filled[..<100]) == Array(ramp[..<100]) && Array(filled[200...]) == Array(ramp[200...]))
    #expect(filled[116..<184].allSatisfy { $0 == 0.9 })
    #expect(abs(filled[100] - ramp[99]) < 0.06 && abs(filled[199] - ramp[200]) < 0.06)
    #expect(zip(filled[99...200], filled[100...201]).allSatisfy { abs($0 - $1) < 0.06 })
    // What was drawn lies in time where it belongs, at a rate that shares no sample with the other.
    let slow = AudioClip(sampleRate: 1001, channels: 1, samples: [Float](repeating: 0, count: 1001))
    let sine = (0..<8000).map { Float(sin(2 * Double.pi * 5 * Double($0) / 8000)) }
    let other = FilledRecording(slow, from: 0.4, to: 0.7, rate: 8000).samples(sine)
    for frame in 410..<690 {
      #expect(abs(other[frame] - Float(sin(2 * Double.pi * 5 * Double(frame) / 1001))) < 0.01)
    }
    // A gap of all but the first sample, and of one sample.
    for (from, to) in [(0.001, 9.0), (0.9995, 1.0), (0, 1e-9)] {
      let odd = FilledRecording(slow, from: from, to: to, rate: 8000)
      #expect(odd.samples(sine).allSatisfy(\.isFinite) && !odd.gap.isEmpty)
    }
  }

  @Test(arguments: [1, 999, 768_001]) func strangeRatesAreRefused(_ rate: Int) throws {
    let specification = try small.published()
    let strange = try AudioClip(sampleRate: rate, channels: 1, samples: [0.1, 0.2]).encoded(as: .wav16)
    let error = try #require(throws: PipelineError.self) {
      try small.task.score(small.request(.score, strange), specification)
    }
    #expect(error.kind == .data && error.description.contains("1000 to 768000 Hz"))
  }

  /// Figures do not go missing without a word.
  @Test func aBrokenJudgeIsReported() throws {
    let specification = try small.published()
    let options = try Options(
      small.task.evaluationOptions, owner: "test", given: ["limit": .commandLine("limit", "10")])
    let request = EvaluationRequest(model: "digits", data: [small.data], options: options, workers: 2)
    let file = try specification.model(named: "judge").weights
    for data in [Data("no weights".utf8), try Safetensors(metadata: [:], tensors: [:]).encoded()] {
      try data.write(to: file)
      #expect(throws: (any Error).self) { try small.task.evaluate(request, specification) }
    }
  }

  /// A folder of something else is passed over; a file that cannot be read is named, wherever its folder stands.
  @Test func brokenRecordingsAreReported() throws {
    let empty = small.folder.url.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    func read(_ folders: [URL]) throws -> SpokenWords? {
      try AudioSynth.ifPresent {
        try AudioSynth.first(of: folders, "words") { try SpokenWords(folder: $0, split: .test) }
      }
    }
    #expect(try read([empty]) == nil && read([empty, small.data])?.recordings.count == 20)
    try small.wav("yes", "ann", 0).prefix(200).write(to: small.data.appendingPathComponent("yes_ann_0.wav"))
    for folders in [[small.data, empty], [empty, small.data]] {
      let error = try #require(throws: MediaError.self) { try read(folders) }
      #expect(error.description.contains("yes_ann_0.wav"))
    }
  }

  /// Of many continuations those are taken that what follows goes with: the gap in a tone is filled by the tone's kind.
  @Test func whatFollowsDecides() throws {
    let specification = try small.published()
    let model = try WordsModel(contentsOf: specification.model(named: "digits").weights)
    let levels = try clip(small.wav("no", "bob", 2)).samples.map { UInt8(MuLaw.level($0)) }
    func nats(_ particles: Int) throws -> Double {
      let filling = try GapFilling(model, levels, from: 0.015, to: 0.017, particles: particles)
      return try (0..<12).reduce(0.0) { sum, index in
        let drawn = try filling.draw(word: 0, voice: 1, seed: 1, index: index)
        let frames = (drawn.count + model.hop - 1) / model.hop
        let steps = try model.steps("int8")
        let conditions = try steps.conditions(model.conditioner.frames(word: 0, voice: 1, count: frames))
        return sum
          + DilatedStepper(steps, silence: MuLaw.silence).score(conditions[...], levels: drawn)[
            filling.gap.upperBound...
          ].reduce(0, +)
      }
    }
    #expect(try nats(64) > nats(1))
  }

  @Test func embeddings() throws {
    let specification = try small.published()
    let a = try small.task.embed(small.request(.embed, small.wav("no", "ann", 0)), specification)
    let b = try small.task.embed(small.request(.embed, small.wav("yes", "ann", 0)), specification)
    #expect(a.count == 16 && a.allSatisfy(\.isFinite) && a != b)
  }

  // MARK: - Judging

  /// The judge learns who says what, is resumed to the same weights, and `evaluate` puts both models into one table.
  @Test func judgeAndEvaluation() throws {
    let specification = try small.published()
    let whole = try small.train("judge", model: "judge")
    // Four pairs: by chance a quarter.
    #expect(try #require(whole.figures["held-out accuracy"]) >= 0.75)
    _ = try small.train("part", model: "judge", timeLimit: 1e-9)
    let resumed = try small.train("part", model: "judge", resume: true)
    #expect(try Safetensors(contentsOf: whole.weights) == Safetensors(contentsOf: resumed.weights))
    try FileManager.default.copyItem(
      at: whole.weights, to: specification.model(named: "judge").weights)
    let options = try Options(
      small.task.evaluationOptions, owner: "test",
      given: ["limit": .commandLine("limit", "10"), "draws": .commandLine("draws", "10")])
    let request = EvaluationRequest(model: "all", data: [small.data], options: options, workers: 2)
    let table = try #require(try small.task.evaluate(request, specification).first)
    #expect(table.rows.map(\.name) == ["digits", "judge"])
    func figure(_ row: Int, _ name: String) throws -> Double? {
      let column = try #require(table.columns.firstIndex { $0.name == name })
      return table.rows[row].values[column]
    }
    #expect(try figure(0, "recordings scored") == 10)
    #expect(try (0...12).contains(#require(try figure(0, "bits/sample"))))
    #expect(try abs(#require(try figure(0, "more with int8"))) < 1)
    for name in ["draws of the asked word (%)", "draws of the asked speaker (%)", "word (%)", "speaker (%)"] {
      #expect(try (0...100).contains(#require(try figure(0, name))))
    }
    #expect(try #require(try figure(0, "times real time")) > 0)
    // Test takes are as easy to tell as those it was trained on; it has no density and draws nothing.
    #expect(try #require(try figure(1, "word (%)")) >= 70 && #require(try figure(1, "speaker (%)")) >= 70)
    #expect(try figure(1, "bits/sample") == nil && figure(1, "times real time") == nil)
    // And it does not speak.
    let error = try #require(throws: PipelineError.self) {
      try small.draw(specification, "yes", ["model": "judge"])
    }
    #expect(error.kind == .usage && error.description.contains("digits"))
  }

  // MARK: - What comes in

  /// The same sound in two channels at twice the rate is nearly as probable.
  @Test func otherRatesAndChannelsAreTaken() throws {
    let specification = try small.published()
    let tone = (0..<640).map { Float(0.3 * sin(2 * Double.pi * 500 * Double($0) / 16_000)) }
    let stereo = AudioClip(sampleRate: 16_000, channels: 2, samples: tone.flatMap { [$0, $0] })
    let mono = AudioClip(
      sampleRate: 8000, channels: 1, samples: (0..<320).map { tone[$0 * 2] })
    func score(_ clip: AudioClip, _ encoding: AudioEncoding) throws -> ScoreReport {
      try small.task.score(small.request(.score, clip.encoded(as: encoding)), specification)
    }
    let (a, b) = (try score(stereo, .flac16), try score(mono, .wav16))
    #expect(a.dimensions == 320 && b.dimensions == 320)
    #expect(abs(a.bitsPerDimension - b.bitsPerDimension) < 0.3)
  }

  @Test func whatIsNoRecordingOfAWordIsRefused() throws {
    let specification = try small.published()
    let long = AudioClip(sampleRate: 8000, channels: 1, samples: [Float](repeating: 0.1, count: 80_000))
    let error = try #require(throws: PipelineError.self) {
      try small.task.score(small.request(.score, long.encoded(as: .flac16)), specification)
    }
    #expect(error.kind == .data && error.description.contains("10.0 s"))
    // A number that is found again in the file, which names the largest one twice.
    let mark: Float = 0.123456
    var unreal = try AudioClip(sampleRate: 8000, channels: 1, samples: [0, 0.9, mark, 0])
      .encoded(as: .wavFloat)
    let bytes = { (value: Float) in withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) } }
    let place = try #require(unreal.range(of: bytes(mark)))
    unreal.replaceSubrange(place, with: bytes(.nan))
    let whole = try small.wav("yes", "ann", 0)
    for data in [Data(), Data("RIFF".utf8), unreal, whole.prefix(200)] {
      for verb in [Verb.score, .classify, .embed] {
        let request = try small.request(verb, data)
        #expect(throws: MediaError.self) {
          switch verb {
          case .score: _ = try small.task.score(request, specification)
          case .classify: _ = try small.task.classify(request, specification)
          default: _ = try small.task.embed(request, specification)
          }
        }
      }
    }
  }

  /// The shortest sound there is can be followed too.
  @Test func oneSampleIsEnough() throws {
    let specification = try small.published()
    let click = try AudioClip(sampleRate: 8000, channels: 1, samples: [0.5]).encoded(as: .wav16)
    let report = try small.task.score(small.request(.score, click), specification)
    #expect(report.dimensions == 1 && report.nats.isFinite)
    #expect(try small.task.embed(small.request(.embed, click), specification).allSatisfy(\.isFinite))
  }

  @Test func brokenWeightsAreRefused() throws {
    let specification = try small.published()
    let file = try specification.model(named: "digits").weights
    let whole = try Data(contentsOf: file)
    let stranger = try Safetensors(metadata: [:], tensors: [:]).encoded()
    for data in [Data(), Data("no weights".utf8), whole.prefix(whole.count / 2), stranger] {
      try data.write(to: file)
      #expect(throws: (any Error).self) { try small.draw(specification, "yes") }
      #expect(throws: (any Error).self) {
        try small.task.score(small.request(.score, small.wav("yes", "ann", 0)), specification)
      }
    }
  }
}
