import Conditioners
import Families
import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask

/// What every family promises: training that resumes, samples that are their own, the verbs that theory allows it.
struct FamilyTests {
  private let small: SmallClasses

  init() throws { small = try SmallClasses() }

  @Test(arguments: [
    "autoregressive", "flow", "variational", "adversarial", "diffusion", "discriminative",
  ])
  func trainsStopsAndResumes(_ family: String) throws {
    let whole = try small.train(family, "whole")
    #expect(whole.isFinished)
    let stopped = try small.train(family, "parts", timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try small.train(family, "parts", resume: true)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    #expect(a.tensors.values.allSatisfy { $0.dtype == .float16 })
  }

  @Test(arguments: ["autoregressive", "flow", "variational", "adversarial", "diffusion"])
  func sampleOfAFamilyIsTheSameInAnyCount(_ family: String) throws {
    let specification = try small.published(family)
    let given = ["model": family, "class": "right", "seed": "2"]
    let many = try small.draw(specification, given.merging(["count": "6"]) { $1 }, workers: 2)
    #expect(Set(many.single.map(\.data)).count == 6)
    let alone = try small.draw(specification, given.merging(["first": "5"]) { $1 })
    #expect(alone.together == many.single[5].data)
  }

  /// Each family can do what theory allows it, and what it cannot is refused with those that can.
  @Test(
    arguments: [
      ("autoregressive", [Verb.score, .classify, .complete, .embed], "exact"),
      ("flow", [.score, .classify], "bound"), ("variational", [.score, .classify, .embed], "bound"),
      ("adversarial", [], ""), ("diffusion", [.score, .classify, .embed], "estimate"),
      ("discriminative", [.classify, .embed], ""),
    ] as [(String, [Verb], String)])
  func capabilities(_ family: String, _ able: [Verb], _ kind: String) throws {
    let specification = try small.published(family)
    _ = try small.trained()
    let mask = try small.mask { $0 >= 16 }
    for verb in [Verb.score, .classify, .complete, .embed] {
      let asked = try small.request(
        verb, small.picture("left", 1),
        ["model": family].merging(verb == .complete ? ["mask": mask] : [:]) { $1 })
      let ask = {
        switch verb {
        case .score:
          let report = try small.task.score(asked, specification)
          #expect(report.kind == kind && report.nats.isFinite && report.nats < 0)
        case .classify:
          let posterior = try small.task.classify(asked, specification).posterior
          #expect(abs(posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
        case .complete: #expect(try small.task.complete(asked, specification).single.count == 1)
        default: #expect(try small.task.embed(asked, specification).allSatisfy(\.isFinite))
        }
      }
      if able.contains(verb) {
        try ask()
      } else {
        let error = try #require(throws: PipelineError.self) { try ask() }
        #expect(error.kind == .usage && error.description.contains("these can: mixture"), "\(error)")
      }
    }
    guard able.contains(.score) else { return }
    // Half of the picture is summed over by those that can.
    let half = try small.request(.score, small.picture("left", 1), ["model": family, "mask": mask])
    if able.contains(.complete) {
      #expect(try small.task.score(half, specification).dimensions == 16)
    } else {
      let error = try #require(throws: PipelineError.self) { try small.task.score(half, specification) }
      #expect(error.kind == .usage && error.description.contains("cannot sum over missing pixels"))
    }
  }

  @Test func surpriseMap() throws {
    let specification = try small.published("autoregressive")
    let file = small.folder.url.appendingPathComponent("map.png")
    let report = try small.task.score(
      small.request(
        .score, small.picture("left", 3), ["model": "autoregressive", "class": "left", "map": file.path]),
      specification)
    guard case .uint8(let bits) = try Image(pngData: Data(contentsOf: file)).samples else {
      throw TensorError("8 bits")
    }
    let model = try ClassImageModel(contentsOf: specification.model(named: "autoregressive").weights)
    guard case .uint8(let levels) = small.picture("left", 3).samples else { throw TensorError("8 bits") }
    let middles: [Float] = levels.map { (Float($0) + 0.5) / 256 }
    let x = try Tensor(middles, shape: [1, 1, 4, 8])
    let given = try ClassConditioner(classes: model.description.classes)([0])
    let surprise = try #require(model.parts.surprise)
    let nats: [Double] = try surprise(x, given).floats().map { Double($0) }
    // The map is the score, pixel by pixel, up to its 8 bits.
    let total: Double = nats.reduce(0, +)
    #expect(abs(total + report.nats) < 1e-3)
    for index in nats.indices {
      let expected: Double = min(8, nats[index] / log(2)) / 8 * 255
      #expect(abs(Double(bits[index]) - expected) < 0.51)
    }
    let refused = try #require(throws: PipelineError.self) {
      _ = try small.trained()
      return try small.task.score(
        small.request(.score, small.picture("left", 3), ["map": file.path]), specification)
    }
    #expect(refused.kind == .usage && refused.description.hasSuffix("these can: autoregressive"))
  }

  @Test(arguments: ["flow", "diffusion"]) func walksBetweenPictures(_ family: String) throws {
    let specification = try small.published(family)
    var paths: [String] = []
    for name in ["left", "right"] {
      let file = small.folder.url.appendingPathComponent("\(name).png")
      try small.picture(name, 80).pngData().write(to: file)
      paths.append(file.path)
    }
    let options = try Options(
      DrawStage.options, owner: "test",
      given: [
        "model": .commandLine("model", family), "interpolate": .commandLine("interpolate", paths[0]),
        "count": .commandLine("count", "5"),
      ])
    let files = try small.task.draw(paths[1], options, specification, context: StageContext(workers: 2))
    #expect(files.single.count == 5 && Set(files.single.map(\.data)).count == 5)
    if family == "flow" {
      // Exact at both ends.
      for (index, name) in [(0, "left"), (4, "right")] {
        #expect(try Image(pngData: files.single[index].data).samples == small.picture(name, 80).samples)
      }
    }
    #expect(throws: PipelineError.self) {
      try small.task.draw("", options, specification, context: StageContext())
    }
  }

  @Test func samplersOfDiffusion() throws {
    let specification = try small.published("diffusion")
    _ = try small.trained()
    let given = ["model": "diffusion", "class": "right", "seed": "2"]
    let own = try small.draw(specification, given)
    for change in [["steps": "3"], ["sampler": "euler"], ["guidance": "3"]] {
      let other = try small.draw(specification, given.merging(change) { $1 })
      #expect(try Image(pngData: other.together).samples != Image(pngData: own.together).samples)
    }
    let unknown = try #require(throws: PipelineError.self) {
      try small.draw(specification, given.merging(["sampler": "heum"]) { $1 })
    }
    #expect(unknown.kind == .usage && unknown.description.contains("did you mean 'heun'"))
    let atOnce = try #require(throws: PipelineError.self) { try small.draw(specification, ["steps": "3"]) }
    #expect(atOnce.kind == .usage && atOnce.description.contains("draws at once"))
  }

  /// Down to the last bit, not only to the grey level.
  @Test(arguments: DiffusionFamily.SamplerSettings.Name.allCases)
  func drawOfDiffusionIsTheSameInAnyNumber(_ sampler: DiffusionFamily.SamplerSettings.Name) throws {
    let weights = try small.published("diffusion").model(named: "diffusion").weights
    let model = try #require(try ClassImageModel(contentsOf: weights).drawing { $0.name = sampler })
    guard model.parts.drawsInAnyNumber else { return }
    func draws(_ samples: Range<Int>, threads: Int) throws -> [[Float]] {
      let given = try ClassConditioner(classes: model.description.classes)(samples.map { $0 % 2 })
      let noise = BatchNoise(seed: 4, first: samples.lowerBound, count: samples.count)
      let x = try #require(model.sampler(threads: threads)).sample(given: given, noise: noise)
      return try samples.indices.map { try x.select(0, $0 - samples.lowerBound).floats() }
    }
    let whole = try draws(0..<7, threads: 1)
    #expect(try draws(0..<7, threads: 2) == whole)
    for samples in [0..<1, 1..<4, 6..<7] {
      #expect(try draws(samples, threads: 1) == Array(whole[samples]))
      #expect(try draws(samples, threads: 2) == Array(whole[samples]))
    }
  }

  @Test func drawsThatMayBeInAnyNumberAreSharedByTheWorkers() throws {
    let model = try ClassImageModel(
      contentsOf: small.published("autoregressive").model(named: "autoregressive").weights)
    #expect(model.drawnTogether(16, workers: 2, chunk: 8) == 8)
    #expect(model.drawnTogether(5, workers: 2, chunk: 8) == 3)
    #expect(model.drawnTogether(1, workers: 4, chunk: 8) == 1)
    let other = try ClassImageModel(contentsOf: small.published("flow").model(named: "flow").weights)
    #expect(other.drawnTogether(5, workers: 2, chunk: 8) == 8)
  }

  /// A hundred steps make held-out pictures more probable, or easier to clean or to tell apart.
  @Test(arguments: ["autoregressive", "flow", "variational", "diffusion", "discriminative"])
  func learns(_ family: String) throws {
    let few = try small.train(family, "few", steps: 1)
    let many = try small.train(family, "many", steps: 150)
    let (before, after) = (
      try #require(few.figures["held-out loss"]), try #require(many.figures["held-out loss"])
    )
    #expect(after < 0.9 * before)
  }

  /// The draws of a generator come to look like their class.
  @Test func adversarialLearns() throws {
    let specification = try small.published("adversarial", steps: 300)
    // Of the left half, which is bright in `left` and dark in `right`.
    let means = try ["left", "right"].map { name in
      let files = try small.draw(specification, ["model": "adversarial", "class": name, "count": "10"])
      let brightness = try files.single.map { file -> Double in
        guard case .uint8(let samples) = try Image(pngData: file.data).samples else { return 0 }
        let left = (0..<32).filter { $0 % 8 < 4 }.reduce(0) { $0 + Int(samples[$1]) }
        return Double(left) / 16
      }
      return brightness.reduce(0, +) / 10
    }
    #expect(means[0] > 128 && means[1] < 110, "\(means)")
  }
}
