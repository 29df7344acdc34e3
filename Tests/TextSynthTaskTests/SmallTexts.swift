import Foundation
import Logging
import PipelineCore
import TestSupport

@testable import TextSynthTask

/// Two styles that are easily told apart, and the recipe of a tiny model of them.
struct SmallTexts {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let own = folder.url.appendingPathComponent("text-synth/pipeline.yaml")
    let texts = folder.url.appendingPathComponent("texts")
    for folder in [own.deletingLastPathComponent(), texts] {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    try Data(
      """
      task: text-synth
      version: 1
      summary: For tests.
      models:
        bytes: {weights: bytes.safetensors}
      defaults: {model: bytes}
      stages: [write-text]
      training:
        bytes:
          length: 32
          favourite: {style: low, share: 0.5}
          network: {width: 32, layers: 1, heads: 2, hidden: 32}
          training:
            {seed: 1, steps: 40, chunksPerStep: 2, chunkSize: 4, optimizer: muon, learningRate: 0.02,
             hiddenLearningRate: 0.02, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 0,
             emaDecay: 0.8, precision: float32, storage: int8, evaluateEvery: 20, checkpointEvery: 10}
      """.utf8
    ).write(to: own)
    try Data(String(repeating: "a sea, an isle: é.\n", count: 600).utf8).write(
      to: texts.appendingPathComponent("low.txt"))
    try Data(String(repeating: "THE TOP OF IT\n", count: 800).utf8).write(
      to: texts.appendingPathComponent("up.txt"))
  }

  /// A model that all tests share.
  static let trained = Result { () throws -> (small: SmallTexts, report: TrainingReport) in
    let small = try SmallTexts()
    return (small, try small.train("whole"))
  }

  var texts: URL { folder.url.appendingPathComponent("texts") }

  func specification() throws -> Specification {
    try TextSynth().specification(in: PipelineHome(pipelines: folder.url))
  }

  func train(
    _ name: String, data: [URL]? = nil, resume: Bool = false, timeLimit: Double? = nil, workers: Int = 2,
    steps: Int? = nil
  ) throws -> TrainingReport {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return try TextSynth().train(
      TrainingRequest(
        model: nil, options: try Options([], owner: "test", given: [:]), data: data ?? [texts],
        folder: folder.url.appendingPathComponent(name), resume: resume, timeLimit: timeLimit, steps: steps,
        workers: workers, log: log), specification())
  }

  func draws(_ prompt: String, _ weights: URL, _ given: [String: String] = [:]) throws -> [String] {
    try TextSynth().texts(
      prompt, options(WriteTextStage.options, weights, given), specification(), context: StageContext()
    ).single.map { try $0.text.text() }
  }

  func request(
    _ verb: Verb, _ text: String, _ weights: URL, _ given: [String: String] = [:], workers: Int = 2
  ) throws
    -> InferenceRequest
  {
    InferenceRequest(
      input: Data(text.utf8), name: "in.txt",
      options: try options(TextSynth().options(of: verb), weights, given),
      context: StageContext(workers: workers))
  }

  private func options(_ known: [OptionDescription], _ weights: URL, _ given: [String: String]) throws
    -> Options
  {
    var all = given.reduce(into: [:]) { $0[$1.key] = GivenOption.commandLine($1.key, $1.value) }
    all["weights"] = .commandLine("weights", weights.path)
    return try Options(known, owner: "test", given: all, fallbacks: specification().defaults)
  }
}
