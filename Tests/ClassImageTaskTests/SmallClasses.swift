import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ClassImageTask

/// A small set of bright and dark pictures, a specification of every family for them, and short ways to ask.
struct SmallClasses {
  let folder: TemporaryFolder
  let task = ClassImage()

  private static let training = """
    {seed: 1, steps: 6, chunksPerStep: 2, chunkSize: 4, optimizer: muon, learningRate: 0.01, \
    hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1, \
    emaDecay: 0.5, precision: float32, evaluateEvery: 3, checkpointEvery: 2}
    """

  /// An adversary wants gentler steps without momentum.
  private static let adversarialTraining = training.replacing("muon", with: "adamw, momentum: 0")
    .replacing("learningRate: 0.01", with: "learningRate: 0.003").replacing(
      "gradientClip: 1", with: "gradientClip: 0"
    )
    .replacing("emaDecay: 0.5", with: "emaDecay: 0.9")

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
    let (training, adversarialTraining) = (Self.training, Self.adversarialTraining)
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
          {family: adversarial, classes: [], heldOut: 10, training: \(adversarialTraining),
           network: {objective: jensen-shannon, penalty: 0.5, latents: 4, channels: 8, blocks: 1}}
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

  func picture(_ name: String, _ index: Int) -> Image {
    let noise = KeyedNoise(seed: 9, sample: UInt64(index), step: 0, stream: name)
    let levels = noise.integers(below: 40, count: 32)
    let samples = (0..<32).map { place in
      UInt8((place % 8 < 4) == (name == "left") ? 180 + levels[place] : 20 + levels[place])
    }
    return Image(width: 8, height: 4, channels: .grey, samples: .uint8(samples))
  }

  var silent: Logger {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return log
  }

  func specification() throws -> Specification {
    try task.specification(in: PipelineHome(pipelines: folder.url))
  }

  /// Trains and publishes.
  func trained() throws -> Specification {
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
  func train(
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
  func published(_ family: String, steps: Int? = nil) throws -> Specification {
    let specification = try specification()
    try FileManager.default.copyItem(
      at: train(family, "whole", steps: steps).weights, to: specification.model(named: family).weights)
    return specification
  }

  func request(_ verb: Verb, _ image: Image, _ given: [String: String] = [:]) throws
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

  func draw(_ specification: Specification, _ given: [String: String], workers: Int = 1) throws
    -> DrawnFiles
  {
    let options = try Options(
      DrawStage.options, owner: "test",
      given: Self.given(given))
    return try task.draw("", options, specification, context: StageContext(workers: workers))
  }

  func mask(_ isMissing: (Int) -> Bool) throws -> String {
    let file = folder.url.appendingPathComponent("mask-\(UUID().uuidString).png")
    let samples = (0..<32).map { UInt8(isMissing($0) ? 255 : 0) }
    try Image(width: 8, height: 4, channels: .grey, samples: .uint8(samples)).pngData().write(to: file)
    return file.path
  }
}
