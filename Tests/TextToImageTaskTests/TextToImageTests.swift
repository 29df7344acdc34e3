import Charts
import Conditioners
import Foundation
import MediaIO
import MediaTensors
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import TextToImageTask

/// Models of captions: trained, resumed, drawn, and asked.
struct TextToImageTests {
  private let small: SmallScenes

  init() throws { small = try SmallScenes() }

  @Test(arguments: ["scenes", "judge", "checker", "emoji", "matcher"]) func trainsStopsAndResumes(
    _ model: String
  ) throws {
    let whole = try small.train(model, "whole")
    #expect(whole.isFinished)
    let stopped = try small.train(model, "parts", timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try small.train(model, "parts", resume: true)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
  }

  /// One seed, any count, any order, any captions beside it, any number of threads: the same bytes.
  @Test func drawsAreTheSameInAnyCount() throws {
    let specification = try small.published()
    let captions = "a red circle\ntwo blue stars on a white background"
    let many = try small.draw(
      specification, captions, ["seed": "3", "count": "3", "first": "2"], workers: 2)
    #expect(many.single.count == 6 && Set(many.single.map(\.data)).count == 6)
    for (place, data) in many.single.map(\.data).enumerated() {
      let caption = captions.split(separator: "\n")[place / 3]
      let alone = try small.draw(
        specification, String(caption), ["seed": "3", "first": "\(2 + place % 3)"])
      #expect(alone.together == data, "\(caption) \(place)")
    }
    // The caption is drawn where none is given, and the file names it.
    let drawn = try small.draw(specification, "", ["seed": "3", "size": "32"])
    let image = try Image(decoding: drawn.together, name: "drawn")
    #expect(image.width == 32 && image.height == 32)
    let provenance = try #require(try Provenance(image.metadata, name: "drawn"))
    #expect(provenance.condition?.isDrawn == true)
    let caption = try #require(provenance.condition?.values["caption"])
    #expect(AskedCaption(caption).notices.isEmpty)
    let again = try small.draw(specification, "", ["seed": "3", "size": "32", "count": "2"], workers: 2)
    #expect(again.single[0].data == drawn.together)
  }

  /// A sample is its first draw that passes, or else its first, whatever is drawn beside it.
  @Test func drawsAgainWhatIsSeenOtherwise() throws {
    let model = try CaptionModel(contentsOf: small.published().model(named: "scenes").weights)
    let captions = ["a red circle", "two blue stars", "a black table with 6 chairs", "a red circle", "zebra"]
      .map { AskedCaption($0) }
    let passing: [Int?] = [0, 2, nil, 1, nil]
    let draws = try captions.indices.map { sample in
      try (0..<3).map { draw in
        let noise = BatchNoise(
          seed: 5, samples: [UInt64(sample)], firstStep: draw * CheckedDrawing.stepsOfADraw)
        return try model.draw([captions[sample].words], against: nil, noise: noise, threads: 1).select(0, 0)
      }
    }
    let circle = Scene(.group(count: 1, object: SceneObject(.red, .circle)), background: .white)
    let stars = Scene(.group(count: 2, object: SceneObject(.blue, .star)), background: .white)
    // It is told by the very pixels which draw of which sample it looks at.
    let sees: @Sendable (Tensor) throws -> Scene = { pixels in
      for (sample, attempt) in passing.enumerated() {
        if let attempt, try largestDifference(pixels, draws[sample][attempt]) == 0 {
          return sample == 1 ? stars : circle
        }
      }
      return Scene(.group(count: 7, object: SceneObject(.green, .heart)), background: .white)
    }
    let noise = BatchNoise(seed: 5, first: 0, count: captions.count)
    var rounds = 0
    let drawn = try CheckedDrawing(model, tries: 3, sees: sees)(
      captions, against: nil, noise: noise, threads: 1, beforeEach: { rounds += 1 })
    #expect(rounds == 3)
    #expect(drawn.map(\.tries) == [1, 3, 3, 2, 1])
    #expect(drawn.map { $0.seen == nil } == [true, true, false, true, true])
    for (sample, result) in drawn.enumerated() {
      #expect(try largestDifference(result.pixels, draws[sample][passing[sample] ?? 0]) == 0, "\(sample)")
    }
    let plain = try CheckedDrawing(model, tries: 1, sees: sees)(
      captions, against: nil, noise: noise, threads: 1)
    #expect(plain.allSatisfy { $0.tries == 1 && $0.seen == nil })
    for (sample, result) in plain.enumerated() {
      #expect(try largestDifference(result.pixels, draws[sample][0]) == 0)
    }
  }

  /// A file says whether it was checked, and what it looks like if it never passed; what nothing checks goes with one try.
  @Test func filesSayWhetherTheyWereChecked() throws {
    let specification = try small.published()
    func provenance(_ caption: String, _ given: [String: String]) throws -> Provenance {
      let file = try small.draw(specification, caption, ["size": "32"].merging(given) { $1 })
      return try #require(try Provenance(Image(decoding: file.together, name: "x").metadata, name: "x"))
    }
    let checker = try Digest.sha256(of: specification.model(named: "checker").weights)
    // A network of six steps sees one thing in everything; of two that exclude one another at least one is not seen.
    let both = try ["a red circle", "two blue stars on a white background"].map { try provenance($0, [:]) }
    #expect(
      both.allSatisfy { $0.options["tries"] == "8" && $0.condition?.values["checker SHA-256"] == checker })
    #expect(both.contains { $0.condition?.values["the checker sees"] != nil })
    let plain = try provenance("a red circle", ["tries": "1"])
    #expect(plain.options["tries"] == "1" && plain.condition?.values.keys.sorted() == ["caption"])
    let weights = try specification.model(named: "scenes").weights
    let alone = try DrawCaptionStage(weights: weights, ["size": "32"])(
      "a red circle", context: StageContext())
    #expect(try Provenance(alone.metadata, name: "x")?.options["tries"] == "1")
    #expect(throws: PipelineError.self) { try DrawCaptionStage(weights: weights, ["tries": "3"]) }
  }

  /// What is told nothing knows no word, also not through what the encoder makes of the caption's beginning.
  @Test func nothingSaidLeaksNoWord() throws {
    let model = try CaptionModel(contentsOf: small.published().model(named: "scenes").weights)
    let captions = ["a red circle", "a black table with 6 chairs"].map { SceneVocabulary.tokens($0).indices }
    try Autograd.disabled {
      let x = try Tensor.noise([2, 3, 32, 32], seed: 1)
      let same = try Tensor.cat(
        [x.narrow(0, start: 0, length: 1), x.narrow(0, start: 0, length: 1)], axis: 0)
      let time = try Tensor.full([2], 0.1)
      let told = try model.network.told(captions)
      func rows(_ y: Tensor) throws -> (Tensor, Tensor) { (try y.select(0, 0), try y.select(0, 1)) }
      let (a, b) = try rows(model.network(same, time, told.keeping([0, 0])))
      #expect(try largestDifference(a, b) == 0)
      let (empty, _) = try rows(model.network(same, time, model.network.told([[], []])))
      #expect(try largestDifference(a, empty) == 0)
      let (c, d) = try rows(model.network(same, time, told))
      #expect(try largestDifference(c, d) > 0)
    }
  }

  @Test func fromPicturesToCaptions() throws {
    let specification = try small.published()
    let picture = try small.draw(specification, "a red circle", ["size": "32"]).together
    let task = TextToImage()
    let described = try task.describe(
      small.request(.describe, picture, ["candidates": "4", "levels": "4"]), specification)
    #expect(described.posterior.count == 4)
    #expect(abs(described.posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    #expect(described.posterior.allSatisfy { AskedCaption($0.name).notices.isEmpty })
    let classified = try task.classify(
      small.request(.classify, picture, ["captions": "a red circle\na blue star", "levels": "4"]),
      specification)
    #expect(Set(classified.posterior.map(\.name)) == ["a red circle", "a blue star"])
    #expect(classified.typicality != nil)
    let score = try task.score(small.request(.score, picture, ["caption": "a red circle"]), specification)
    #expect(score.nats.isFinite && score.kind == "estimate" && score.dimensions == 3072)
    let vector = try task.embed(small.request(.embed, picture), specification)
    #expect(vector.count == 4 * 16 && vector.allSatisfy(\.isFinite))
    let words = try task.embed(small.request(.embed, Data("a red circle\n".utf8)), specification)
    #expect(words.count == 16 + SceneAttributes.sizes.reduce(0, +))
  }

  /// What is larger than the model's pictures is made so by whatever the task was given, and the file says by what.
  @Test func largerPicturesAreEnlarged() throws {
    let specification = try small.published()
    let dark = TextToImage(enlarger: { scale in
      PictureEnlarger(weightsSHA256: "of \(scale)") { image, _ in
        let side = Int(Double(image.width) * scale)
        return Image(
          width: side, height: side, channels: .rgb,
          samples: .uint8(.init(repeating: 7, count: 3 * side * side)))
      }
    })
    func drawn(_ task: TextToImage, _ size: Int) throws -> Image {
      let options = try SmallScenes.options(DrawCaptionStage.options, ["size": "\(size)"])
      let file = try task.draw("a red circle", options, specification, context: StageContext())
      return try Image(decoding: file.together, name: "drawn")
    }
    for (size, scale) in [(64, "of 2.0"), (1024, "of 16.0")] {
      let image = try drawn(dark, size)
      #expect(image.width == size && image.height == size)
      #expect(try largestDifference(image.tensor(), .full([3, size, size], 7.0 / 255)) < 1e-6)
      let provenance = try #require(try Provenance(image.metadata, name: "drawn"))
      #expect(provenance.condition?.values["enlarger SHA-256"] == scale)
      let checker = try Digest.sha256(of: specification.model(named: "checker").weights)
      let used = ["enlarger SHA-256": scale, "checker SHA-256": checker]
      #expect(try dark.otherWeights(provenance.options, specification) == used)
      #expect(used.allSatisfy { provenance.condition?.values[$0.key] == $0.value })
    }
    // Of the model's own size, or without one: no such thing.
    let own = try drawn(dark, 32)
    #expect(try own.tensor().maximum().scalar() > 10.0 / 255)
    #expect(try Provenance(own.metadata, name: "own")?.condition?.values["enlarger SHA-256"] == nil)
    let cubic = try drawn(TextToImage(), 64)
    #expect(try cubic.width == 64 && cubic.tensor().maximum().scalar() > 10.0 / 255)
  }

  /// The encoder's questions are answered by uniform scores as badly as chance, and by the truth without loss.
  @Test func lossOfAttributes() throws {
    let scene = Scene(.group(count: 3, object: SceneObject(.red, .star)), background: .white)
    // Kind, background, count, colour and shape of the first thing.
    let chance = [0, 1, 2, 3, 4].reduce(0) { $0 + log(Double(SceneAttributes.sizes[$1])) }
    let uniform = try SceneAttributes.sizes.map { try Tensor.zeros([1, $0]) }
    #expect(abs(try SceneAttributes.loss(uniform, [scene]).scalar() - chance) < 1e-5)
    let truth = try zip(SceneAttributes.choices(of: scene), SceneAttributes.sizes).map { choice, size in
      try Tensor((0..<size).map { $0 == choice ? Float(50) : 0 }, shape: [1, size])
    }
    #expect(abs(try SceneAttributes.loss(truth, [scene]).scalar()) < 1e-5)
  }

  @Test func knownPixelsStay() throws {
    let specification = try small.published()
    var levels = [UInt8](repeating: 40, count: 32 * 32 * 4)
    for pixel in 0..<32 * 32 { levels[pixel * 4 + 3] = pixel % 32 < 16 ? 255 : 0 }
    let holes = try Image(width: 32, height: 32, channels: .rgba, samples: .uint8(levels)).pngData()
    let files = try TextToImage().complete(
      small.request(.complete, holes, ["count": "2", "size": "32", "caption": "a red circle"]), specification)
    #expect(files.single.count == 2 && files.single[0].data != files.single[1].data)
    for file in files.single {
      let x = try Image(decoding: file.data, name: "x").tensor()
      let left = try x.narrow(2, start: 0, length: 16)
      #expect(try largestDifference(left, .full(left.shape, 40.0 / 255)) < 1e-6)
      #expect(try largestDifference(x.narrow(2, start: 16, length: 16), .full(left.shape, 40.0 / 255)) > 0.01)
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    let specification = try small.published()
    let task = TextToImage()
    func expect(_ kind: PipelineError.Kind, _ body: () throws -> Void) {
      #expect {
        try body()
      } throws: { ($0 as? PipelineError)?.kind == kind }
    }
    let oblong = try Image(
      width: 30, height: 32, channels: .grey, samples: .uint8(.init(repeating: 9, count: 960))
    ).pngData()
    expect(.data) { _ = try task.describe(small.request(.describe, oblong), specification) }
    let whole = try Image(
      width: 32, height: 32, channels: .grey, samples: .uint8(.init(repeating: 9, count: 1024))
    ).pngData()
    for captions in ["", "a red circle", "a red circle\na red circle"] {
      expect(.usage) {
        _ = try task.classify(small.request(.classify, whole, ["captions": captions]), specification)
      }
    }
    expect(.usage) { _ = try task.complete(small.request(.complete, whole), specification) }
    expect(.usage) { _ = try small.draw(specification, "a red circle", ["sampler": "magic"]) }
    expect(.usage) { _ = try small.draw(specification, "a red circle\na star", ["count": "6000"]) }
    expect(.usage) { _ = try small.draw(specification, "a red circle", ["captions": "none.txt"]) }
  }

  /// The table has a row for each part, the judge's own among them.
  @Test func evaluation() throws {
    let tables = try TextToImage().evaluate(
      EvaluationRequest(
        model: nil, data: [],
        options: SmallScenes.options(
          TextToImage().evaluationOptions, ["draws": "20", "guidances": "1, 2", "descriptions": "2"]),
        workers: 2), small.published())
    #expect(
      tables[0].rows.map(\.name) == [
        "rendered, seen", "rendered, held-out", "seen, guidance 1.0", "held-out, guidance 1.0",
        "seen, guidance 2.0", "held-out, guidance 2.0",
      ])
    #expect(tables[0].rows.allSatisfy { $0.values.count == tables[0].columns.count })
    #expect(tables[0].rows.allSatisfy { (0...100).contains($0.values[0] ?? -1) })
    // The curve of seen captions, of rendered ones, and both of held-out ones.
    let chart = try #require(tables[0].chart)
    #expect(chart.curves.count == 4 && chart.curves.allSatisfy { $0.points.map(\.x) == [1, 2] })
    #expect(chart.curves[2].points.map(\.y) == [3, 5].compactMap { tables[0].rows[$0].values[0] })
    #expect(tables[1].rows.map(\.name) == ["seen", "held-out"])
    #expect(tables[1].rows.allSatisfy { (0...1).contains($0.values[3] ?? -1) })
  }
}
