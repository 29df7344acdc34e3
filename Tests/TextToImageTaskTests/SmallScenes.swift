import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport

@testable import TextToImageTask

/// Recipes of tiny networks, and a folder of pictures for those that want one.
struct SmallScenes {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let own = folder.url.appendingPathComponent("text-to-image/pipeline.yaml")
    try FileManager.default.createDirectory(
      at: own.deletingLastPathComponent(), withIntermediateDirectories: true)
    let training = """
          training:
            {seed: 1, steps: 6, chunksPerStep: 2, chunkSize: 4, optimizer: muon, learningRate: 0.01,
             hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.5, precision: float32, storage: int8, evaluateEvery: 3, checkpointEvery: 2}
      """
    try Data(
      """
      task: text-to-image
      version: 1
      summary: For tests.
      models:
        scenes: {weights: scenes.safetensors}
        judge: {weights: judge.safetensors}
        checker: {weights: checker.safetensors}
        emoji: {weights: emoji.safetensors}
        matcher: {weights: matcher.safetensors}
      defaults: {model: scenes}
      stages: [draw-caption, encode-png]
      training:
        scenes:
          family: diffusion
          data: scenes
          watched: 10
          calibrated: 5
          trainingMean: 0
          trainingDeviation: 1.4
          unconditionalShare: 0.1
          attributeWeight: 0.1
          text: {width: 16, layers: 1, heads: 2}
          network:
            {patch: 4, channels: [8, 16], blocks: 1, embedding: 16, attendingLevels: 1, selfAttendingLevels: 1,
             sampler: {name: dpm-solver, steps: 2, guidance: 1.5}}
      \(training)
        emoji:
          family: diffusion
          data: pictures
          watched: 10
          calibrated: 5
          trainingMean: 0
          trainingDeviation: 1.4
          unconditionalShare: 0.1
          text: {width: 16, layers: 1, heads: 2}
          network:
            {patch: 4, channels: [8, 16], blocks: 1, embedding: 16, attendingLevels: 1, selfAttendingLevels: 1,
             sampler: {name: dpm-solver, steps: 2, guidance: 1.5}}
      \(training)
        matcher:
          family: contrastive
          text: {width: 16, layers: 1, heads: 2}
          channels: [8, 8]
          blocks: 1
          dimensions: 8
          temperature: 0.1
          noise: 0.1
          shift: 1
      \(training)
        judge:
          family: discriminative
          watched: 20
          channels: [8, 8]
          blocks: 1
          noise: 0.05
      \(training)
        checker:
          family: discriminative
          watched: 20
          channels: [8, 16]
          blocks: 1
          noise: 0.1
      \(training)
      """.utf8
    ).write(to: own)
  }

  func specification() throws -> Specification {
    try TextToImage().specification(in: PipelineHome(pipelines: folder.url))
  }

  /// Sixty coloured squares and bars on transparent ground.
  func pictures() throws -> URL {
    let data = folder.url.appendingPathComponent("pictures")
    if FileManager.default.fileExists(atPath: data.path) { return data }
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    let lines = try (0..<60).map { index -> String in
      let side = 8
      let levels = (0..<side * side).flatMap { pixel -> [UInt8] in
        let isShown =
          index % 2 == 0 ? (2..<6).contains(pixel % side) && (2..<6).contains(pixel / side) : pixel % side < 2
        return [UInt8(index * 4), 200, UInt8(255 - index * 4), isShown ? 255 : 0]
      }
      let name = "\(index).png"
      try Image(width: side, height: side, channels: .rgba, samples: .uint8(levels)).pngData()
        .write(to: data.appendingPathComponent(name))
      return
        "\(name)\t\(index % 2 == 0 ? "square" : "bar") number \(index)\t\(index % 2 == 0 ? "box, block" : "")"
    }
    try Data((["picture\tcaption\tkeywords"] + lines).joined(separator: "\n").utf8)
      .write(to: data.appendingPathComponent(CaptionedPictures.listName))
    return data
  }

  func train(_ model: String, _ name: String, resume: Bool = false, timeLimit: Double? = nil) throws
    -> TrainingReport
  {
    let data = ["emoji", "matcher"].contains(model) ? [try pictures()] : []
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return try TextToImage().train(
      TrainingRequest(
        model: model, options: try Options(TextToImage().options, owner: "test"), data: data,
        folder: folder.url.appendingPathComponent(name), resume: resume, timeLimit: timeLimit, workers: 2,
        log: log), specification())
  }

  /// Trains and publishes a model that draws, and what judges it.
  func published(_ models: [String] = ["scenes", "judge", "checker"]) throws -> Specification {
    let specification = try specification()
    for model in models {
      try FileManager.default.copyItem(
        at: train(model, "whole-\(model)").weights, to: specification.model(named: model).weights)
    }
    return specification
  }

  func draw(_ specification: Specification, _ text: String, _ given: [String: String], workers: Int = 1)
    throws
    -> DrawnFiles
  {
    try TextToImage().draw(
      text, Self.options(DrawCaptionStage.options, given), specification,
      context: StageContext(workers: workers))
  }

  func request(_ verb: Verb, _ data: Data, _ given: [String: String] = [:]) throws -> InferenceRequest {
    InferenceRequest(
      input: data, name: "in.png", options: try Self.options(TextToImage().options(of: verb), given))
  }

  static func options(_ known: [OptionDescription], _ given: [String: String]) throws -> Options {
    try Options(
      known, owner: "test",
      given: Dictionary(uniqueKeysWithValues: given.map { ($0.key, .commandLine($0.key, $0.value)) }))
  }
}
