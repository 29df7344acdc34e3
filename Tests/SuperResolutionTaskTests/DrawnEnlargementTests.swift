import Families
import Foundation
import MediaIO
import MediaTensors
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Draws as files: whole pictures with their metadata, one by one and together.
struct DrawnEnlargementTests {
  private let folder: TemporaryFolder
  private let home: PipelineHome
  private let registry = TaskRegistry([SuperResolution()], commonStages: MediaStages.all)

  /// A home with a point estimate for ×4 and a posterior around it.
  init() throws {
    folder = try TemporaryFolder()
    let own = folder.url.appendingPathComponent("super-resolution")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    let mean = own.appendingPathComponent("mean-x4.safetensors")
    try Synthetic.model(scale: 4).write(to: mean, notes: [:])
    try Synthetic.posterior(meanSHA256: Digest.sha256(of: mean)).weights(notes: [:]).encoded()
      .write(to: own.appendingPathComponent("posterior-x4.safetensors"))
    try Synthetic.judge().weights(notes: [:]).encoded()
      .write(to: own.appendingPathComponent("judge.safetensors"))
    try Data(
      """
      task: super-resolution
      version: 1
      summary: Enlarges pictures
      defaults: {model: mean, scale: 4}
      models:
        mean: {weights: mean-x2.safetensors, description: for tests, options: {scales: {4: mean-x4.safetensors}}}
        posterior: {weights: posterior-x4.safetensors, options: {scale: 4, mean: mean-x4.safetensors}}
        judge: {weights: judge.safetensors, options: {judges: true}}
      stages: [decode-image, upscale, encode-png]
      """.utf8
    ).write(to: own.appendingPathComponent("pipeline.yaml"))
    home = PipelineHome(pipelines: folder.url)
  }

  private func pipeline(_ options: [String: String]) throws -> Pipeline {
    let given = options.merging(["model": "posterior"]) { first, _ in first }
    return try registry.pipeline(
      ofTask: "super-resolution", in: home,
      overriding: Dictionary(uniqueKeysWithValues: given.map { ($0, .commandLine($0, $1)) }))
  }

  private func run(_ data: Data, _ options: [String: String], workers: Int = 2) throws -> Data {
    let stage = try pipeline(options).stage().typed(Data.self, Data.self)
    return try stage(data, context: StageContext(workers: workers))
  }

  private func files(_ data: Data, _ options: [String: String], workers: Int = 2) throws -> DrawnFiles {
    let draws = try #require(try SuperResolution().draws(pipeline(options)))
    return try draws(data, StageContext(workers: workers))
  }

  private func picture(_ channels: Image.Channels = .rgb) throws -> Data {
    let tensor = try Synthetic.picture(height: 13, width: 11, seed: 1)
    let whole = try Tensor.cat([tensor, Tensor.full([1, 13, 11], 1)], axis: 0)
    let image =
      switch channels {
      case .rgb: tensor
      case .rgba: whole
      case .grey: try tensor.narrow(0, start: 0, length: 1)
      case .greyAlpha: try whole.narrow(0, start: 2, length: 2)
      }
    return try Image(image, bitDepth: 8).pngData()
  }

  @Test func aDrawIsTheSameWhateverIsDrawnBesideIt() throws {
    let data = try picture()
    let several = try files(data, ["seed": "7", "count": "3"], workers: 2)
    #expect(several.single.map(\.index) == [0, 1, 2])
    let serial = try files(data, ["seed": "7", "count": "3"], workers: 1)
    #expect(several.together == serial.together)
    for (index, file) in several.single {
      #expect(try run(data, ["seed": "7", "first": "\(index)"], workers: 1) == file)
    }
    #expect(several.single[0].data != several.single[1].data)
    #expect(try run(data, ["seed": "7", "count": "3"]) == several.together)
    let provenance = try #require(
      try Provenance(Image(decoding: several.single[2].data, name: "draw").metadata, name: "draw"))
    #expect(provenance.seed == 7 && provenance.sampleIndex == 2 && provenance.options["first"] == "2")
    #expect(provenance.condition?.inputSHA256 == Digest.sha256(data))
    #expect(provenance.weightsSHA256?.split(separator: "+").count == 2)
  }

  @Test(arguments: Image.Channels.allCases) func anyLayout(_ channels: Image.Channels) throws {
    let drawn = try Image(decoding: run(picture(channels), ["seed": "1"]), name: "draw")
    #expect(drawn.channels == channels && drawn.width == 44 && drawn.height == 52)
  }

  @Test func summary() throws {
    let target = folder.url.appendingPathComponent("summary")
    let data = try picture()
    _ = try run(data, ["count": "4", "seed": "2", "summary": target.path])
    let names = try FileManager.default.contentsOfDirectory(atPath: target.path).sorted()
    #expect(
      names == [
        "draw-000.png", "draw-001.png", "draw-002.png", "draw-003.png", "mean.png", "spread.png",
        "summary.json",
      ])
    let report = try JSONDecoder().decode(
      PosteriorSummary.Report.self, from: Data(contentsOf: target.appendingPathComponent("summary.json")))
    #expect(report.seed == 2 && report.count == 4 && report.consistency.map(\.index) == [0, 1, 2, 3])
    #expect(report.consistency.allSatisfy { $0.decibels >= 45 })
    #expect(report.spread.mean > 0 && report.spread.maximum >= report.spread.mean)
    let heat = try Image(contentsOf: target.appendingPathComponent("spread.png")).tensor()
    #expect(try heat.maximum().scalar() == 1)
  }

  @Test func deviationAndMeanOfDraws() throws {
    let draws = try [10, 20, 60].enumerated().map { index, level in
      PosteriorSummary.Draw(
        index: index, picture: try Image(Tensor.full([3, 2, 2], Double(level) / 255), bitDepth: 8),
        consistency: 50)
    }
    let summary = try PosteriorSummary(draws: draws, model: "posterior", seed: 0)
    #expect(abs(try summary.mean.maximum().scalar() * 255 - 30) < 1e-3)
    // Of 10, 20 and 60: √700.
    #expect(abs(try summary.report().spread.maximum - 26.4575) < 1e-2)
  }

  @Test(arguments: [
    (["scale": "2"], "--scale is 2, but model 'posterior' draws at ×4; --scale 4 would be right"),
    (
      ["tta": "true"],
      "--tta is for models that give one picture; without it model 'posterior' would be right"
    ),
    (["summary": "s"], "--summary is of several draws; --count 8 would be right"),
    (["truth": "t.png"], "--truth is for --summary, whose intervals it is held against"),
    (["degradation": "real"], "model 'posterior' was not trained for --degradation real"),
    (["model": "mean", "summary": "s"], "--summary is of draws, but model 'mean' gives one picture"),
  ]) func errors(_ options: [String: String], _ message: String) throws {
    let error = try #require(throws: PipelineError.self) { try run(picture(), options) }
    #expect(error.description.hasPrefix(message), "\(error)")
    #expect(error.kind == .usage)
  }

  /// With the truth the summary says how much of it the draws hold: all of their own mean, little of its negative.
  @Test func summaryOfWhatIsKnown() throws {
    let target = folder.url.appendingPathComponent("known")
    func coverage(_ truth: Data) throws -> Double? {
      let file = folder.url.appendingPathComponent("truth.png")
      try truth.write(to: file)
      _ = try run(picture(), ["count": "4", "seed": "2", "summary": target.path, "truth": file.path])
      return try JSONDecoder().decode(
        PosteriorSummary.Report.self, from: Data(contentsOf: target.appendingPathComponent("summary.json"))
      ).coverage
    }
    let large = try Synthetic.picture(height: 52, width: 44, seed: 1)
    _ = try coverage(Image(large, bitDepth: 8).pngData())
    let mean = try Data(contentsOf: target.appendingPathComponent("mean.png"))
    #expect(try #require(try coverage(mean)) > 0.99)
    let negative = try Image((1 - Image(decoding: mean, name: "mean").tensor()), bitDepth: 8).pngData()
    #expect(try #require(try coverage(negative)) < 0.5)
    let error = try #require(throws: PipelineError.self) { try coverage(picture(.grey)) }
    #expect(error.description.hasSuffix("is 11×13 grey; 44×52 in colour would be right, as the input is"))
  }

  private func score(_ high: Data, _ options: [String: String]) throws -> ScoreReport {
    let task = SuperResolution()
    let given = Dictionary(uniqueKeysWithValues: options.map { ($0, GivenOption.commandLine($0, $1)) })
    return try task.score(
      InferenceRequest(
        input: high, name: "high.png",
        options: Options(task.options(of: .score), owner: "score", given: given, fallbacks: [:])),
      task.specification(in: home))
  }

  /// A draw is likelier than another picture, and what does not fit is said.
  @Test func scores() throws {
    let low = folder.url.appendingPathComponent("low.png")
    try picture().write(to: low)
    let options = ["model": "posterior", "low": low.path]
    let drawn = try score(run(picture(), ["seed": "3"]), options)
    #expect(drawn.dimensions == 3 * 52 * 44 && drawn.kind == "estimate" && drawn.condition == low.path)
    #expect(abs(drawn.bitsPerDimension + drawn.nats / (Double(drawn.dimensions) * log(2))) < 1e-9)
    let other = try Image(Synthetic.picture(height: 52, width: 44, seed: 4), bitDepth: 8).pngData()
    #expect(try score(other, options).nats < drawn.nats)

    for (high, given, message) in [
      (try picture(), options, "high.png is 11×13, and \(low.path) is 11×13; 44×52 would be right"),
      (try picture(.grey), options, "high.png is grey of 8 bits; what is scored is RGB of 8 bits"),
      (
        other, options.merging(["model": "mean"]) { $1 },
        "model 'mean' gives one picture and no density; a posterior would be right"
      ),
      (
        other, options.merging(["model": "judge"]) { $1 },
        "model 'judge' enlarges nothing: it judges what others do; another model would be right"
      ),
    ] {
      let error = try #require(throws: PipelineError.self) { try score(high, given) }
      #expect(error.description == message)
    }
  }

  /// Of all models a row each, with what only draws have; of one a row for each picture.
  @Test func evaluates() throws {
    let set = folder.url.appendingPathComponent("set")
    for index in 0..<2 {
      try Synthetic.write(
        Synthetic.picture(height: 48, width: 40, seed: index), to: set.appendingPathComponent("\(index).png"))
    }
    let task = SuperResolution()
    func table(_ model: String) throws -> EvaluationTable {
      let options = try Options(
        task.evaluationOptions, owner: "evaluate", given: ["scale": .commandLine("scale", "4")],
        fallbacks: [:])
      let tables = try task.evaluate(
        EvaluationRequest(model: model, data: [set], options: options), task.specification(in: home))
      return try #require(tables.first)
    }
    let all = try table("all")
    #expect(all.rows.map(\.name) == ["bicubic", "mean", "posterior"])
    #expect(all.columns.map(\.name).prefix(4) == ["PSNR (dB)", "SSIM", "distance", "consistency (dB)"])
    #expect(all.rows[1].values.suffix(3).allSatisfy { $0 == nil })
    #expect(all.rows[2].values.allSatisfy { $0 != nil })
    let one = try table("mean")
    #expect(one.rows.map(\.name) == ["0", "1", "mean of 2"])
    // The same figures, once as a row and once as columns.
    #expect(one.rows[2].values == (0..<2).flatMap { all.rows[$0].values.prefix(4) })
  }

  @Test func weightsOfAnotherMeanAreRefused() throws {
    try Synthetic.posterior(meanSHA256: "another").weights(notes: [:]).encoded()
      .write(to: folder.url.appendingPathComponent("super-resolution/posterior-x4.safetensors"))
    let error = try #require(throws: PipelineError.self) { try run(picture(), [:]) }
    #expect(error.description.hasPrefix("posterior-x4.safetensors was trained around other weights"))
  }

  /// What a point estimate writes says nothing about seeds, which change nothing.
  @Test func pointEstimatesStayAsTheyWere() throws {
    let data = try picture()
    let one = try run(data, ["model": "mean"])
    #expect(try run(data, ["model": "mean", "seed": "5", "count": "2"]) == one)
    let provenance = try #require(
      try Provenance(Image(decoding: one, name: "picture").metadata, name: "picture"))
    #expect(Set(provenance.options.keys) == ["scale", "model", "degradation", "tta", "compare", "device"])
    #expect(try SuperResolution().isRandom(pipeline(["model": "mean"])) == false)
    #expect(try SuperResolution().draws(pipeline(["model": "mean", "count": "3"])) == nil)
    #expect(try SuperResolution().fileStream(pipeline(["model": "mean"])) != nil)
    #expect(try SuperResolution().fileStream(pipeline([:])) == nil)
  }
}
