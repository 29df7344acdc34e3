import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask

/// A small set of bright and dark pictures, a model trained on it, and every verb.
struct ClassImageTests {
  private let folder: TemporaryFolder
  private let task = ClassImage()

  private static let training = """
    {seed: 1, steps: 6, chunksPerStep: 2, chunkSize: 4, optimizer: muon, learningRate: 0.01, \
    hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1, \
    emaDecay: 0.5, precision: float32, evaluateEvery: 3, checkpointEvery: 2}
    """

  /// 60 pictures of 8×4 a class: `left` is bright at the left, `right` at the right.
  init() throws {
    folder = try TemporaryFolder()
    for name in ["left", "right"] {
      let inside = folder.url.appendingPathComponent("data/\(name)")
      try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
      for index in 0..<60 {
        try picture(name, index).pngData().write(
          to: inside.appendingPathComponent(String(format: "%02d.png", index)))
      }
    }
    let training = Self.training
    let own = folder.url.appendingPathComponent("class-image")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    try Data(
      """
      task: class-image
      version: 1
      summary: For tests.
      models:
        mixture: {weights: mixture.safetensors, chunk: 4}
        autoregressive: {weights: autoregressive.safetensors, chunk: 4}
        flow: {weights: flow.safetensors, chunk: 4}
        variational: {weights: variational.safetensors, chunk: 4}
        adversarial: {weights: adversarial.safetensors, chunk: 4}
        diffusion: {weights: diffusion.safetensors, chunk: 4}
        discriminative: {weights: discriminative.safetensors}
      defaults: {model: mixture}
      stages: [draw-class-image, encode-png]
      training:
        mixture:
          {family: mixture, classes: [], components: 1, rank: 2, iterations: 6, leastDeviation: 2, heldOut: 20, seed: 1}
        autoregressive:
          {family: autoregressive, classes: [], heldOut: 10, training: \(training),
           network: {channels: 8, blocks: 1, rows: 1, reach: 1, head: 8, components: 2}}
        flow:
          {family: flow, classes: [], heldOut: 10, training: \(training),
           network: {squeezes: 1, channels: [8, 8], blocks: [1, 1], head: 8, components: 2}}
        variational:
          {family: variational, classes: [], heldOut: 10, training: \(training),
           network: {channels: 8, blocks: 1, coarseGroups: 1, coarseLatents: 2, fineGroups: 1, fineLatents: 2,
             components: 2}}
        adversarial:
          {family: adversarial, classes: [], heldOut: 10, training: \(training),
           network: {objective: hinge, penalty: 1, latents: 4, channels: 8, blocks: 1}}
        diffusion:
          {family: diffusion, classes: [], heldOut: 10, training: \(training),
           network: {patch: 1, channels: [8, 8], blocks: 1, embedding: 8,
             sampler: {name: heun, steps: 4, guidance: 1}}}
        discriminative:
          {family: discriminative, classes: [], heldOut: 10, training: \(training),
           network: {channels: [8, 8], blocks: 1, shift: 1, mirrors: false}}
      """.utf8
    ).write(to: own.appendingPathComponent("pipeline.yaml"))
  }

  private func picture(_ name: String, _ index: Int) -> Image {
    let noise = KeyedNoise(seed: 9, sample: UInt64(index), step: 0, stream: name)
    let levels = noise.integers(below: 40, count: 32)
    let samples = (0..<32).map { place in
      UInt8((place % 8 < 4) == (name == "left") ? 180 + levels[place] : 20 + levels[place])
    }
    return Image(width: 8, height: 4, channels: .grey, samples: .uint8(samples))
  }

  private var silent: Logger {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return log
  }

  private func specification() throws -> Specification {
    try task.specification(in: PipelineHome(pipelines: folder.url))
  }

  /// Trains and publishes.
  private func trained() throws -> Specification {
    let specification = try specification()
    let request = TrainingRequest(
      model: "mixture", options: try Options(task.options, owner: "test"),
      data: [folder.url.appendingPathComponent("data")],
      folder: folder.url.appendingPathComponent("run"), workers: 2, log: silent)
    let report = try task.train(request, specification)
    #expect(report.isFinished)
    let published = try task.publishedWeights(request, specification)
    try FileManager.default.copyItem(at: report.weights, to: published)
    return specification
  }

  /// A run of a family's recipe in a folder of its own.
  private func train(
    _ family: String, _ name: String, resume: Bool = false, timeLimit: Double? = nil, steps: Int? = nil
  ) throws -> TrainingReport {
    try task.train(
      TrainingRequest(
        model: family, options: try Options(task.options, owner: "test"),
        data: [folder.url.appendingPathComponent("data")],
        folder: folder.url.appendingPathComponent("\(family)-\(name)"), resume: resume, timeLimit: timeLimit,
        steps: steps, workers: 2, log: silent), specification())
  }

  /// Trains a family for some steps and publishes it.
  private func published(_ family: String, steps: Int? = nil) throws -> Specification {
    let specification = try specification()
    try FileManager.default.copyItem(
      at: train(family, "whole", steps: steps).weights, to: specification.model(named: family).weights)
    return specification
  }

  @Test(arguments: [
    "autoregressive", "flow", "variational", "adversarial", "diffusion", "discriminative",
  ])
  func trainsStopsAndResumes(_ family: String) throws {
    let whole = try train(family, "whole")
    #expect(whole.isFinished)
    let stopped = try train(family, "parts", timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try train(family, "parts", resume: true)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    #expect(a.tensors.values.allSatisfy { $0.dtype == .float16 })
  }

  @Test(arguments: ["autoregressive", "flow", "variational", "adversarial", "diffusion"])
  func sampleOfAFamilyIsTheSameInAnyCount(_ family: String) throws {
    let specification = try published(family)
    let given = ["model": family, "class": "right", "seed": "2"]
    let many = try draw(specification, given.merging(["count": "6"]) { $1 }, workers: 2)
    #expect(Set(many.single.map(\.data)).count == 6)
    let alone = try draw(specification, given.merging(["first": "5"]) { $1 })
    #expect(alone.together == many.single[5].data)
  }

  /// Each family can do what theory allows it, and what it cannot is refused with those that can.
  @Test(
    arguments: [
      ("autoregressive", [Verb.score, .classify, .complete, .embed], "exact"),
      ("flow", [.score, .classify], "bound"), ("variational", [.score, .classify, .embed], "bound"),
      ("adversarial", [], ""), ("diffusion", [.score, .classify], "estimate"),
      ("discriminative", [.classify, .embed], ""),
    ] as [(String, [Verb], String)])
  func capabilities(_ family: String, _ able: [Verb], _ kind: String) throws {
    let specification = try published(family)
    _ = try trained()
    let mask = try mask { $0 >= 16 }
    for verb in [Verb.score, .classify, .complete, .embed] {
      let asked = try request(
        verb, picture("left", 1), ["model": family].merging(verb == .complete ? ["mask": mask] : [:]) { $1 })
      let ask = {
        switch verb {
        case .score:
          let report = try task.score(asked, specification)
          #expect(report.kind == kind && report.nats.isFinite && report.nats < 0)
        case .classify:
          let posterior = try task.classify(asked, specification).posterior
          #expect(abs(posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
        case .complete: #expect(try task.complete(asked, specification).single.count == 1)
        default: #expect(try task.embed(asked, specification).allSatisfy(\.isFinite))
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
    let half = try request(.score, picture("left", 1), ["model": family, "mask": mask])
    if able.contains(.complete) {
      #expect(try task.score(half, specification).dimensions == 16)
    } else {
      let error = try #require(throws: PipelineError.self) { try task.score(half, specification) }
      #expect(error.kind == .usage && error.description.contains("cannot sum over missing pixels"))
    }
  }

  @Test func surpriseMap() throws {
    let specification = try published("autoregressive")
    let file = folder.url.appendingPathComponent("map.png")
    let report = try task.score(
      request(.score, picture("left", 3), ["model": "autoregressive", "class": "left", "map": file.path]),
      specification)
    guard case .uint8(let bits) = try Image(pngData: Data(contentsOf: file)).samples else {
      throw TensorError("8 bits")
    }
    // Where no pixel has more than the map's 8 bits the map adds up to the score.
    if !bits.contains(255) {
      let sum = bits.reduce(0) { $0 + Double($1) / 255 * 8 }
      #expect(abs(sum / 32 - report.bitsPerDimension) < 0.03)
    }
    let refused = try #require(throws: PipelineError.self) {
      _ = try trained()
      return try task.score(request(.score, picture("left", 3), ["map": file.path]), specification)
    }
    #expect(refused.kind == .usage && refused.description.hasSuffix("these can: autoregressive"))
  }

  @Test(arguments: ["flow", "diffusion"]) func walksBetweenPictures(_ family: String) throws {
    let specification = try published(family)
    var paths: [String] = []
    for name in ["left", "right"] {
      let file = folder.url.appendingPathComponent("\(name).png")
      try picture(name, 80).pngData().write(to: file)
      paths.append(file.path)
    }
    let options = try Options(
      DrawStage.options, owner: "test",
      given: [
        "model": .commandLine("model", family), "interpolate": .commandLine("interpolate", paths[0]),
        "count": .commandLine("count", "5"),
      ])
    let files = try task.draw(paths[1], options, specification, context: StageContext(workers: 2))
    #expect(files.single.count == 5 && Set(files.single.map(\.data)).count == 5)
    if family == "flow" {
      // Exact at both ends.
      for (index, name) in [(0, "left"), (4, "right")] {
        #expect(try Image(pngData: files.single[index].data).samples == picture(name, 80).samples)
      }
    }
    #expect(throws: PipelineError.self) {
      try task.draw("", options, specification, context: StageContext())
    }
  }

  @Test func samplersOfDiffusion() throws {
    let specification = try published("diffusion")
    _ = try trained()
    let given = ["model": "diffusion", "class": "right", "seed": "2"]
    let own = try draw(specification, given)
    for change in [["steps": "3"], ["sampler": "euler"], ["guidance": "3"]] {
      let other = try draw(specification, given.merging(change) { $1 })
      #expect(try Image(pngData: other.together).samples != Image(pngData: own.together).samples)
    }
    let unknown = try #require(throws: PipelineError.self) {
      try draw(specification, given.merging(["sampler": "heum"]) { $1 })
    }
    #expect(unknown.kind == .usage && unknown.description.contains("did you mean 'heun'"))
    let atOnce = try #require(throws: PipelineError.self) { try draw(specification, ["steps": "3"]) }
    #expect(atOnce.kind == .usage && atOnce.description.contains("draws at once"))
  }

  /// A hundred steps make held-out pictures more probable, or easier to clean or to tell apart.
  @Test(arguments: ["autoregressive", "flow", "variational", "diffusion", "discriminative"])
  func learns(_ family: String) throws {
    let few = try train(family, "few", steps: 1)
    let many = try train(family, "many", steps: 150)
    let (before, after) = (
      try #require(few.figures["held-out loss"]), try #require(many.figures["held-out loss"])
    )
    #expect(after < 0.9 * before)
  }

  /// The draws of a generator come to look like their class.
  @Test func adversarialLearns() throws {
    let specification = try published("adversarial", steps: 300)
    for (name, isBright) in [("left", true), ("right", false)] {
      let files = try draw(specification, ["model": "adversarial", "class": name, "count": "10"])
      let brightness = try files.single.map { file -> Double in
        guard case .uint8(let samples) = try Image(pngData: file.data).samples else { return 0 }
        let left = (0..<32).filter { $0 % 8 < 4 }.reduce(0) { $0 + Int(samples[$1]) }
        return Double(left) / 16
      }
      let mean = brightness.reduce(0, +) / 10
      #expect(isBright ? mean > 128 : mean < 110, "\(name): \(mean)")
    }
  }

  private func request(_ verb: Verb, _ image: Image, _ given: [String: String] = [:]) throws
    -> InferenceRequest
  {
    InferenceRequest(
      input: try image.pngData(), name: "in.png",
      options: try Options(
        task.options(of: verb), owner: "test",
        given: Self.given(given)))
  }

  /// Of the mixture, unless another model is named.
  private static func given(_ options: [String: String]) -> [String: GivenOption] {
    Dictionary(
      uniqueKeysWithValues: ["model": "mixture"].merging(options) { $1 }
        .map { ($0.key, .commandLine($0.key, $0.value)) })
  }

  private func draw(_ specification: Specification, _ given: [String: String], workers: Int = 1) throws
    -> DrawnFiles
  {
    let options = try Options(
      DrawStage.options, owner: "test",
      given: Self.given(given))
    return try task.draw("", options, specification, context: StageContext(workers: workers))
  }

  @Test func sampleIsTheSameInAnyCount() throws {
    let specification = try trained()
    let many = try draw(specification, ["class": "left", "seed": "3", "count": "11"], workers: 2)
    #expect(many.single.map(\.index) == Array(0..<11))
    #expect(Set(many.single.map(\.data)).count == 11)
    for index in [0, 5, 10] {
      let alone = try draw(
        specification, ["class": "left", "seed": "3", "count": "1", "first": "\(index)"])
      #expect(alone.together == many.single[index].data)
    }
    let serial = try draw(specification, ["class": "left", "seed": "3", "count": "11"])
    #expect(serial.together == many.together)
    let image = try Image(pngData: many.single[0].data)
    #expect(image.width == 8 && image.height == 4)
    let provenance = try #require(try Provenance(image.metadata, name: "x"))
    #expect(provenance.condition?.values == ["class": "left"] && provenance.condition?.isDrawn == false)
    #expect(provenance.seed == 3 && provenance.sampleIndex == 0)
  }

  @Test func classIsDrawnWhereNoneIsGiven() throws {
    let specification = try trained()
    let files = try draw(specification, ["count": "40"])
    let drawn = try files.single.map { file -> String in
      let provenance = try Provenance(Image(pngData: file.data).metadata, name: "x")
      #expect(provenance?.condition?.isDrawn == true)
      return provenance?.condition?.values["class"] ?? ""
    }
    // About half of each; 40 draws of a fair coin lie in 8…32 but once in 10⁵.
    #expect((8...32).contains(drawn.count { $0 == "left" }) && Set(drawn) == ["left", "right"])
  }

  @Test func drawsAreOfTheirClass() throws {
    let specification = try trained()
    for name in ["left", "right"] {
      for file in try draw(specification, ["class": name, "count": "10"]).single {
        let report = try task.classify(
          request(.classify, Image(pngData: file.data)), specification)
        #expect(report.posterior[0].name == name && report.posterior[0].probability > 0.99)
      }
    }
  }

  @Test func classification() throws {
    let specification = try trained()
    let known = try task.classify(request(.classify, picture("right", 70)), specification)
    #expect(known.posterior.map(\.name) == ["right", "left"] && !known.abstains)
    #expect(abs(known.posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    // Bright everywhere is like nothing in the data.
    let strange = Image(
      width: 8, height: 4, channels: .grey, samples: .uint8([UInt8](repeating: 250, count: 32)))
    // Twenty held-out pictures prove no more than that fewer than one in ten is so strange.
    #expect(try !task.classify(request(.classify, strange), specification).abstains)
    let report = try task.classify(request(.classify, strange, ["abstain-below": "0.1"]), specification)
    #expect(report.abstains && report.text.contains("none of the classes"))
    #expect(try !task.classify(request(.classify, strange, ["abstain-below": "0"]), specification).abstains)
  }

  /// P(x) = Σ P(x | y) P(y), and missing pixels are summed over.
  @Test func scores() throws {
    let specification = try trained()
    let image = picture("left", 71)
    let left = try task.score(request(.score, image, ["class": "left"]), specification)
    let right = try task.score(request(.score, image, ["class": "right"]), specification)
    let any = try task.score(request(.score, image), specification)
    #expect(left.nats > right.nats && left.kind == "bound" && left.dimensions == 32)
    let sum: Double = left.nats + log(0.5) + log1p(exp(right.nats - left.nats))
    #expect(abs(any.nats - sum) < 1e-6)
    let bits: Double = -left.nats / (32 * log(2))
    #expect(abs(left.bitsPerDimension - bits) < 1e-12)
    // Less than the eight bits of a level that could be anything.
    #expect(left.bitsPerDimension < 7)
    let mask = try self.mask { $0 % 8 < 4 }
    let part = try task.score(request(.score, image, ["class": "left", "mask": mask]), specification)
    #expect(part.dimensions == 16 && part.nats > left.nats)
  }

  private func mask(_ isMissing: (Int) -> Bool) throws -> String {
    let file = folder.url.appendingPathComponent("mask-\(UUID().uuidString).png")
    let samples = (0..<32).map { UInt8(isMissing($0) ? 255 : 0) }
    try Image(width: 8, height: 4, channels: .grey, samples: .uint8(samples)).pngData().write(to: file)
    return file.path
  }

  @Test func completionKeepsWhatIsKnown() throws {
    let specification = try trained()
    let image = picture("left", 72)
    guard case .uint8(let truth) = image.samples else { throw TensorError("8 bits") }
    let mask = try mask { $0 % 8 >= 4 }
    let files = try task.complete(
      request(.complete, image, ["mask": mask, "count": "6"]), specification)
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
    let drawn = try task.complete(request(.complete, holes, ["count": "6"]), specification)
    func pixels(_ files: DrawnFiles) throws -> [Image.Samples] {
      try files.single.map { try Image(pngData: $0.data).samples }
    }
    #expect(try pixels(drawn) == pixels(files))
    let some = try task.classify(request(.classify, holes), specification)
    #expect(some.posterior[0].name == "left" && some.typicality == nil)
  }

  @Test func embeddings() throws {
    let specification = try trained()
    let a = try task.embed(request(.embed, picture("left", 1)), specification)
    let b = try task.embed(request(.embed, picture("right", 1)), specification)
    #expect(a.count == 2 && a != b)
    #expect(a[0] > a[1] && b[0] < b[1])
  }

  @Test func evaluation() throws {
    let specification = try trained()
    let table = try #require(
      try task.evaluate(
        EvaluationRequest(
          model: nil, data: [folder.url.appendingPathComponent("data")],
          options: Options(task.evaluationOptions, owner: "test"), workers: 2), specification
      ).first)
    let figures = Dictionary(uniqueKeysWithValues: zip(table.columns.map(\.name), table.rows[0].values))
    #expect(figures["class accuracy (%)"] == 100)
    #expect(try #require(figures["bits/dim"]!) < 7)
    #expect(figures["OOD AUROC"] == .some(nil))
  }

  @Test func mistakesAreNamed() throws {
    let specification = try trained()
    func message(_ body: () throws -> Void) throws -> PipelineError {
      try #require(throws: PipelineError.self) { try body() }
    }
    let class1 = try message { _ = try draw(specification, ["class": "lefft"]) }
    #expect(class1.kind == .usage && class1.description.contains("did you mean 'left'"))
    let size = Image(width: 5, height: 4, channels: .grey, samples: .uint8([UInt8](repeating: 0, count: 20)))
    let wrong = try message { _ = try task.score(request(.score, size), specification) }
    #expect(wrong.description == "in.png is 5×4; this model knows pictures of 8×4" && wrong.kind == .data)
    let whole = try message { _ = try task.complete(request(.complete, picture("left", 0)), specification) }
    #expect(whole.kind == .usage && whole.description.contains("no missing pixels"))
    let none = try message {
      _ = try task.complete(
        request(.complete, picture("left", 0), ["mask": try mask { _ in false }]), specification)
    }
    #expect(none.description.contains("black everywhere"))
    let all = try message {
      _ = try task.complete(
        request(.complete, picture("left", 0), ["mask": try mask { _ in true }]), specification)
    }
    #expect(all.description.contains("every pixel is missing"))
    let colour = Image(
      width: 8, height: 4, channels: .rgb, samples: .uint8((0..<96).map { UInt8($0 % 3 * 80) }))
    let coloured = try message { _ = try task.classify(request(.classify, colour), specification) }
    #expect(coloured.description.contains("in colour"))
  }

  @Test func dataOfBothKinds() throws {
    let images = folder.url.appendingPathComponent("idx")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    try Data(header + [1, 2, 3, 4]).write(to: images.appendingPathComponent("train-images-idx3-ubyte"))
    try Data([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]).write(
      to: images.appendingPathComponent("train-labels-idx1-ubyte"))
    let mnist = try LabelledImages(folder: images, split: .train, classes: ["a", "b"])
    #expect(mnist.pixels.shape == [2, 1, 1, 2] && mnist.labels == [1, 0] && mnist.classes == ["a", "b"])
    #expect(throws: TensorError.self) { try LabelledImages(folder: images, split: .train, classes: ["a"]) }
    #expect(throws: TensorError.self) { try LabelledImages(folder: images, split: .test) }

    let data = folder.url.appendingPathComponent("data")
    let train = try LabelledImages(folder: data, split: .train)
    let test = try LabelledImages(folder: data, split: .test)
    // A model's classes decide the labels, and an unknown one is named.
    let model = try LabelledImages(folder: data, split: .test, classes: ["right", "other", "left"])
    #expect(Set(model.labels) == [0, 2] && model.classes.count == 3)
    let error = try #require(throws: TensorError.self) {
      try LabelledImages(folder: data, split: .test, classes: ["left", "up"])
    }
    #expect(error.description.contains("pictures of 'right'"))
    #expect(try Set(train.spread(10).labels) == [0, 1])
    #expect(train.count == 108 && test.count == 12 && train.classes == ["left", "right"])
    #expect(test.pixels.shape == [12, 1, 4, 8])
    // Dequantised pictures fall back to their levels.
    let x = try LabelledImages.dequantized(test.pixels, noise: BatchNoise(seed: 1, first: 0, count: 12))
    #expect(try largestDifference((x * 256).floored(), test.pixels) == 0)
  }

  @Test func brokenWeightsAreRefused() throws {
    let specification = try trained()
    let file = try specification.model(named: "mixture").weights
    let whole = try Safetensors(contentsOf: file)
    for (key, value) in [
      ("architecture", "x"), ("configuration", "{"), ("description", "{}"),
      (
        "configuration",
        "{\"mixture\":{\"classes\":2,\"components\":1000000,\"dimensions\":32,\"rank\":2}}"
      ),
    ] {
      var broken = whole
      broken.metadata[key] = value
      try broken.encoded().write(to: file)
      let error = try #require(throws: TensorError.self) { try ClassImageModel(contentsOf: file) }
      #expect(error.description == "mixture.safetensors does not hold a model of class-image of this tool")
    }
  }
}
