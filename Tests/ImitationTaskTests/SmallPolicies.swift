import Foundation
import Logging
import PipelineCore
import TestSupport

@testable import ImitationTask

/// Recipes of tiny policies, and demonstrations of a point that goes to the origin.
struct SmallPolicies {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let own = folder.url.appendingPathComponent("imitation/pipeline.yaml")
    try FileManager.default.createDirectory(
      at: own.deletingLastPathComponent(), withIntermediateDirectories: true)
    func recipe(_ name: String, _ first: String, _ network: String = "width: 24") -> String {
      """
        \(name):
          \(first)
          history: 2
          horizon: 4
          executed: 2
          heldOutEvery: 4
          environments: [obstacle-course]
          network: {\(network), blocks: 1, embedding: 8}
          recent: {width: 16, blocks: 1, embedding: 8}
          training:
            {seed: 1, steps: 20, chunksPerStep: 2, chunkSize: 16, optimizer: muon, learningRate: 0.003,
             hiddenLearningRate: 0.003, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.9, precision: float32, storage: int8, evaluateEvery: 10, checkpointEvery: 5}

      """
    }
    try Data(
      """
      task: imitation
      version: 1
      summary: For tests.
      models:
        point: {weights: point.safetensors}
        temporal: {weights: temporal.safetensors}
        obstacle-course: {weights: obstacle-course.safetensors}
      defaults: {model: point}
      stages: [predict-actions]
      training:
      \(recipe("point", "family: flow-matching"))
      \(recipe("temporal", "family: flow-matching", "width: 32, heads: 2"))
      \(recipe("obstacle-course", "family: flow-matching\n    course: 8"))
      """.utf8
    ).write(to: own)
  }

  func specification() throws -> Specification {
    try Imitation().specification(in: PipelineHome(pipelines: folder.url))
  }

  /// Lines of eight episodes of ten steps; with tasks, of two. Actions are in units of which so many make one of the place's.
  static func lines(hasTasks: Bool = false, unit: Float = 1) -> String {
    (0..<8).flatMap { episode -> [String] in
      var place: [Float] = [Float(episode) / 4 - 1, 1 - Float(episode) / 8]
      return (0..<10).map { step in
        let action = place.map { -$0 / 4 }
        defer { place = zip(place, action).map { $0 + $1 } }
        let task = hasTasks ? "\"task\": \"\(episode % 2 == 0 ? "go" : "come")\", " : ""
        return
          "{\(task)\"episode\": \(episode), \"time\": \(Float(step) / 10), \"observation\": \(place), \"action\": \(action.map { $0 * unit })}"
      }
    }.joined(separator: "\n") + "\n"
  }

  func write(_ text: String, _ name: String) throws -> URL {
    let file = folder.url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file
  }

  func train(
    _ name: String, model: String = "point", family: String = "", hasTasks: Bool = false, data: URL? = nil,
    resume: Bool = false,
    timeLimit: Double? = nil, workers: Int = 2
  ) throws -> TrainingReport {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    let own = try data ?? write(Self.lines(hasTasks: hasTasks), "demonstrations.jsonl")
    let data = model == "obstacle-course" ? [] : [own]
    return try Imitation().train(
      TrainingRequest(
        model: model,
        options: try Options(
          Imitation().options, owner: "test", given: ["family": .commandLine("family", family)]),
        data: data, folder: folder.url.appendingPathComponent(name), resume: resume, timeLimit: timeLimit,
        workers: workers, log: log), specification())
  }

  /// Options of the stage, with the weights of a file.
  func options(_ weights: URL, _ given: [String: String] = [:]) throws -> Options {
    try Options(
      Imitation().stages[0].options, owner: "test",
      given: given.merging(["weights": weights.path, "model": "point"]) { $1 }
        .reduce(into: [:]) { $0[$1.key] = .commandLine($1.key, $1.value) })
  }
}
