import Conditioners
import Families
import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch
import TorchNN

@testable import TextSynthTask

/// A tiny model of two styles: trained, resumed, drawn from, and asked about texts.
struct TextSynthTests {
  private let small: SmallTexts
  private let whole: TrainingReport
  private var weights: URL { whole.weights }

  init() throws { (small, whole) = try SmallTexts.trained.get() }

  @Test func trainsStopsAndResumes() throws {
    #expect(whole.isFinished && Set(whole.figures.keys) == ["low bits/byte", "up bits/byte"])
    // It has learned something of both.
    #expect(whole.figures.values.allSatisfy { $0 < 5 })
    #expect(try !small.train("parts", timeLimit: 1e-9).isFinished)
    let resumed = try small.train("parts", resume: true, workers: 1)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    let description = try TextDescription(contentsOf: whole.weights)
    #expect(description.styles == ["low", "up"] && description.explained.map(\.length) == [64, 256])
  }

  @Test func textsThatCannotBeLearnedFrom() throws {
    func refusal(_ data: [URL]) throws -> String {
      do { _ = try Texts(data) } catch { return "\(error)" }
      return ""
    }
    #expect(try refusal([]).contains("--data"))
    #expect(try refusal([small.folder.url.appendingPathComponent("text-synth")]).contains("no .txt file"))
    let odd = small.folder.url.appendingPathComponent("odd")
    try FileManager.default.createDirectory(at: odd, withIntermediateDirectories: true)
    try Data("short".utf8).write(to: odd.appendingPathComponent("odd.txt"))
    #expect(try refusal([odd]).contains("5 bytes"))
    try (Data("ab".utf8) + [0xFF]).write(to: odd.appendingPathComponent("odd.txt"))
    #expect(try refusal([odd]).contains("not UTF-8: byte 2"))
    // What is held out begins with a whole character.
    let text = Texts(styles: ["e"], bytes: [Array(String(repeating: "é", count: 15).utf8)])
    #expect(text.known[0].count == 28 && text.heldOut[0].count == 2)
  }

  /// Sample i of a seed is the same whatever is drawn beside it, and is what its start and its style make it.
  @Test func draws() throws {
    let three = try small.draws("a s", weights, ["count": "3", "seed": "5", "length": "90"])
    #expect(three.count == 3 && Set(three).count == 3)
    #expect(three.allSatisfy { $0.hasPrefix("a s") && $0.utf8.count == 93 })
    let second = try small.draws(
      "a s", weights, ["first": "1", "seed": "5", "length": "90", "only-new": "true"])
    #expect(second.map { "a s" + $0 } == [three[1]])
    // A longer one begins alike, but for the end of the shorter.
    let longer = try small.draws("a s", weights, ["first": "1", "seed": "5", "length": "200"])
    #expect(longer[0].hasPrefix(three[1].prefix(80)))
    // A prompt says of which style it is.
    let up = try small.draws(
      "THE TOP OF", weights, ["length": "40", "temperature": "0.5", "only-new": "true"])[0]
    let capitals = up.count { $0.isUppercase }
    let same = try small.draws(
      "THE TOP OF", weights, ["length": "40", "temperature": "0.5", "only-new": "true", "style": "up"])
    #expect(same == [up] && capitals > 10)
    #expect(throws: PipelineError.self) { try small.draws("", weights, ["style": "lwo"]) }
  }

  /// Of a model that has learned nothing any byte comes, and yet every text is valid and as long as asked for.
  @Test func drawsAreValidUTF8() throws {
    let weights = try small.train("fresh", steps: 0).weights
    for seed in 0..<20 {
      let bytes = Array(try small.draws("é", weights, ["seed": "\(seed)", "length": "\(17 + seed)"])[0].utf8)
      #expect(bytes.count == 19 + seed && !bytes.contains(0))
      #expect(String(validating: bytes, as: UTF8.self) != nil)
      #expect(bytes.contains { $0 >= 0x80 })
    }
  }

  /// P(text) is the sum over styles, each text's by the family; however many threads there are.
  @Test func scores() throws {
    let task = TextSynth()
    let specification = try small.specification()
    let text = "a sea, an isle: é."
    func score(_ text: String, _ style: String, workers: Int = 2) throws -> ScoreReport {
      try task.score(small.request(.score, text, weights, ["style": style], workers: workers), specification)
    }
    let network = try CausalTransformer(TextDescription(contentsOf: weights).network)
    try network.load(Safetensors(contentsOf: weights), name: "whole")
    let row = [Int64(ByteFamily.Start.text.rawValue)] + text.utf8.map(Int64.init)
    for (index, style) in ["low", "up"].enumerated() {
      let expected = try ByteFamily(network).logDensity(
        Tensor(row, shape: [1, row.count]), known: nil,
        given: .init(global: Tensor([Float(1 - index), Float(index)], shape: [1, 2])),
        noise: BatchNoise(seed: 0, first: 0, count: 1)
      ).values.elements(Double.self)[0]
      let report = try score(text, style)
      #expect(abs(report.nats - expected) < 1e-3 && report.dimensions == text.utf8.count)
      #expect(report.kind == "exact" && report.condition == style)
    }
    let parts = try [score(text, "low").nats, score(text, "up").nats]
    #expect(try abs(score(text, "").nats - (parts.logSumExp - log(2))) < 1e-9)
    let long = String(repeating: text + "\n", count: 500)
    #expect(try score(long, "low", workers: 1).nats == score(long, "low", workers: 3).nats)
    #expect(throws: PipelineError.self) {
      var request = try small.request(.score, "", weights)
      request.input = Data([0x61, 0xC3])
      _ = try task.score(request, specification)
    }
  }

  @Test func classifiesAndAbstains() throws {
    func report(_ text: String) throws -> ClassificationReport {
      try TextSynth().classify(small.request(.classify, text, weights), small.specification())
    }
    let low = try report(String(repeating: "a sea, an isle: é.\n", count: 5))
    #expect(low.posterior[0].name == "low" && low.posterior[0].probability > 0.99 && !low.abstains)
    #expect(try report(String(repeating: "THE TOP OF IT\n", count: 7)).posterior[0].name == "up")
    let strange = try report(String(repeating: "{x}=#0;", count: 12))
    #expect(strange.abstains && strange.text.contains("like nothing it was trained on"))
    // Too short to be called strange.
    let short = try report("{x}=#0;")
    #expect(!short.abstains && short.typicality == nil)
  }

  /// What is before and behind the gap stays, and what is between is whole characters.
  @Test func completes() throws {
    let text = "a sea, an isle: é.\na sea, a[...]isle: é.\na sea, an isle: é.\n"
    func complete(_ given: [String: String], workers: Int = 2) throws -> DrawnFiles {
      try TextSynth().complete(
        small.request(.complete, text, weights, given, workers: workers), small.specification())
    }
    let given = ["count": "2", "length": "5", "particles": "20", "seed": "3"]
    let files = try complete(given)
    #expect(files.single.count == 2)
    for (_, data) in files.single {
      let filled = try #require(String(validating: data, as: UTF8.self))
      let parts = text.components(separatedBy: "[...]")
      #expect(filled.hasPrefix(parts[0]) && filled.hasSuffix(parts[1]))
      #expect((1...5).contains(data.count - parts[0].utf8.count - parts[1].utf8.count))
    }
    let alone = try complete(given.merging(["count": "1"]) { $1 }, workers: 1)
    #expect(alone.single[0].data == files.single[0].data)
    for other in ["no gap", "[...] and [...]"] {
      #expect(throws: PipelineError.self) {
        try TextSynth().complete(small.request(.complete, other, weights), small.specification())
      }
    }
  }

  @Test func embeds() throws {
    func vector(_ text: String) throws -> [Float] {
      try TextSynth().embed(small.request(.embed, text, weights), small.specification())
    }
    let (a, b, other) = (
      try vector("a sea, an isle: é.\na sea"), try vector("an isle: é.\na sea, an isle"),
      try vector("THE TOP OF IT\nTHE")
    )
    func distance(_ x: [Float], _ y: [Float]) -> Float {
      zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    #expect(a.count == 32 && distance(a, b) < distance(a, other))
  }

  @Test func evaluates() throws {
    let options = try Options(
      TextSynth().evaluationOptions, owner: "test",
      given: [
        "weights": .commandLine("weights", weights.path), "pieces": .commandLine("pieces", "20"),
        "piece-length": .commandLine("piece-length", "64"),
        "foreign": .commandLine(
          "foreign", small.folder.url.appendingPathComponent("text-synth/pipeline.yaml").path),
      ])
    let table = try TextSynth().evaluate(
      .init(model: nil, data: [small.texts], options: options), small.specification())[0]
    #expect(table.rows.map(\.name).prefix(2) == ["low", "up"] && table.rows.count == 3)
    let rows = table.rows.map(\.values)
    let (nats, bits) = (try #require(rows[0][1]), try #require(rows[0][2]))
    #expect(abs(bits - nats / log(2)) < 1e-9)
    #expect(rows[0][4] == 100 && rows[1][4] == 100)
    #expect(rows[2][1] == nil && rows[2][4] == nil)
    #expect(try #require(rows[2][6]) > 90)
  }
}
