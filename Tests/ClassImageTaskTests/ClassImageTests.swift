import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask

/// The verbs, by the mixture, whose answers are known in closed form.
struct ClassImageTests {
  private let small: SmallClasses

  init() throws { small = try SmallClasses() }

  @Test func sampleIsTheSameInAnyCount() throws {
    let specification = try small.trained()
    let many = try small.draw(specification, ["class": "left", "seed": "3", "count": "11"], workers: 2)
    #expect(many.single.map(\.index) == Array(0..<11))
    #expect(Set(many.single.map(\.data)).count == 11)
    for index in [0, 5, 10] {
      let alone = try small.draw(
        specification, ["class": "left", "seed": "3", "count": "1", "first": "\(index)"])
      #expect(alone.together == many.single[index].data)
    }
    let serial = try small.draw(specification, ["class": "left", "seed": "3", "count": "11"])
    #expect(serial.together == many.together)
    let image = try Image(pngData: many.single[0].data)
    #expect(image.width == 8 && image.height == 4)
    let provenance = try #require(try Provenance(image.metadata, name: "x"))
    #expect(provenance.condition?.values == ["class": "left"] && provenance.condition?.isDrawn == false)
    #expect(provenance.seed == 3 && provenance.sampleIndex == 0)
  }

  @Test func classIsDrawnWhereNoneIsGiven() throws {
    let specification = try small.trained()
    let files = try small.draw(specification, ["count": "40"])
    let drawn = try files.single.map { file -> String in
      let provenance = try Provenance(Image(pngData: file.data).metadata, name: "x")
      #expect(provenance?.condition?.isDrawn == true)
      return provenance?.condition?.values["class"] ?? ""
    }
    // About half of each; 40 draws of a fair coin lie in 8…32 but once in 10⁵.
    #expect((8...32).contains(drawn.count { $0 == "left" }) && Set(drawn) == ["left", "right"])
  }

  @Test func drawsAreOfTheirClass() throws {
    let specification = try small.trained()
    for name in ["left", "right"] {
      for file in try small.draw(specification, ["class": name, "count": "10"]).single {
        let report = try small.task.classify(
          small.request(.classify, Image(pngData: file.data)), specification)
        #expect(report.posterior[0].name == name && report.posterior[0].probability > 0.99)
      }
    }
  }

  @Test func classification() throws {
    let specification = try small.trained()
    let known = try small.task.classify(small.request(.classify, small.picture("right", 70)), specification)
    #expect(known.posterior.map(\.name) == ["right", "left"] && !known.abstains)
    #expect(abs(known.posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    // Bright everywhere is like nothing in the data.
    let strange = Image(
      width: 8, height: 4, channels: .grey, samples: .uint8([UInt8](repeating: 250, count: 32)))
    // Twenty held-out pictures prove no more than that fewer than one in ten is so strange.
    #expect(try !small.task.classify(small.request(.classify, strange), specification).abstains)
    let report = try small.task.classify(
      small.request(.classify, strange, ["abstain-below": "0.1"]), specification)
    #expect(report.abstains && report.text.contains("none of the classes"))
    #expect(
      try !small.task.classify(small.request(.classify, strange, ["abstain-below": "0"]), specification)
        .abstains)
  }

  /// P(x) = Σ P(x | y) P(y), and missing pixels are summed over.
  @Test func scores() throws {
    let specification = try small.trained()
    let image = small.picture("left", 71)
    let left = try small.task.score(small.request(.score, image, ["class": "left"]), specification)
    let right = try small.task.score(small.request(.score, image, ["class": "right"]), specification)
    let any = try small.task.score(small.request(.score, image), specification)
    #expect(left.nats > right.nats && left.kind == "bound" && left.dimensions == 32)
    let sum: Double = left.nats + log(0.5) + log1p(exp(right.nats - left.nats))
    #expect(abs(any.nats - sum) < 1e-6)
    let bits: Double = -left.nats / (32 * log(2))
    #expect(abs(left.bitsPerDimension - bits) < 1e-12)
    // Less than the eight bits of a level that could be anything.
    #expect(left.bitsPerDimension < 7)
    let mask = try small.mask { $0 % 8 < 4 }
    let part = try small.task.score(
      small.request(.score, image, ["class": "left", "mask": mask]), specification)
    #expect(part.dimensions == 16 && part.nats > left.nats)
  }

  @Test func completionKeepsWhatIsKnown() throws {
    let specification = try small.trained()
    let image = small.picture("left", 72)
    guard case .uint8(let truth) = image.samples else { throw TensorError("8 bits") }
    let mask = try small.mask { $0 % 8 >= 4 }
    let files = try small.task.complete(
      small.request(.complete, image, ["mask": mask, "count": "6"]), specification)
    #expect(Set(files.single.map(\.data)).count == 6)
    for file in files.single {
      guard case .uint8(let samples) = try Image(pngData: file.data).samples else {
        throw TensorError("8 bits")
      }
      for place in 0..<32 {
        if place % 8 < 4 {
          #expect(samples[place] == truth[place])
        } else {
          #expect(samples[place] < 110, "the right of a picture that is bright at the left is dark")
        }
      }
    }
    // Transparent pixels are missing ones.
    var values: [UInt8] = []
    for place in 0..<32 { values += [truth[place], place % 8 >= 4 ? 0 : 255] }
    let holes = Image(width: 8, height: 4, channels: .greyAlpha, samples: .uint8(values))
    let drawn = try small.task.complete(small.request(.complete, holes, ["count": "6"]), specification)
    func pixels(_ files: DrawnFiles) throws -> [Image.Samples] {
      try files.single.map { try Image(pngData: $0.data).samples }
    }
    #expect(try pixels(drawn) == pixels(files))
    let some = try small.task.classify(small.request(.classify, holes), specification)
    #expect(some.posterior[0].name == "left" && some.typicality == nil)
  }

  @Test func embeddings() throws {
    let specification = try small.trained()
    let a = try small.task.embed(small.request(.embed, small.picture("left", 1)), specification)
    let b = try small.task.embed(small.request(.embed, small.picture("right", 1)), specification)
    #expect(a.count == 2 && a != b)
    #expect(a[0] > a[1] && b[0] < b[1])
  }

  @Test func evaluation() throws {
    let specification = try small.trained()
    let table = try #require(
      try small.task.evaluate(
        EvaluationRequest(
          model: nil, data: [small.folder.url.appendingPathComponent("data")],
          options: Options(small.task.evaluationOptions, owner: "test"), workers: 2), specification
      ).first)
    let figures = Dictionary(uniqueKeysWithValues: zip(table.columns.map(\.name), table.rows[0].values))
    #expect(figures["class accuracy (%)"] == 100)
    #expect(try #require(figures["bits/dim"]!) < 7)
    #expect(figures["OOD AUROC"] == .some(nil))
  }

  @Test func mistakesAreNamed() throws {
    let specification = try small.trained()
    func message(_ body: () throws -> Void) throws -> PipelineError {
      try #require(throws: PipelineError.self) { try body() }
    }
    let class1 = try message { _ = try small.draw(specification, ["class": "lefft"]) }
    #expect(class1.kind == .usage && class1.description.contains("did you mean 'left'"))
    let size = Image(width: 5, height: 4, channels: .grey, samples: .uint8([UInt8](repeating: 0, count: 20)))
    let wrong = try message { _ = try small.task.score(small.request(.score, size), specification) }
    #expect(wrong.description == "in.png is 5×4; this model knows pictures of 8×4" && wrong.kind == .data)
    let whole = try message {
      _ = try small.task.complete(small.request(.complete, small.picture("left", 0)), specification)
    }
    #expect(whole.kind == .usage && whole.description.contains("no missing pixels"))
    let none = try message {
      _ = try small.task.complete(
        small.request(.complete, small.picture("left", 0), ["mask": try small.mask { _ in false }]),
        specification)
    }
    #expect(none.description.contains("black everywhere"))
    let all = try message {
      _ = try small.task.complete(
        small.request(.complete, small.picture("left", 0), ["mask": try small.mask { _ in true }]),
        specification)
    }
    #expect(all.description.contains("every pixel is missing"))
    let colour = Image(
      width: 8, height: 4, channels: .rgb, samples: .uint8((0..<96).map { UInt8($0 % 3 * 80) }))
    let coloured = try message {
      _ = try small.task.classify(small.request(.classify, colour), specification)
    }
    #expect(coloured.description.contains("in colour"))
  }
}
