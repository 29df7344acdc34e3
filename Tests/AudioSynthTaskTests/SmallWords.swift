import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import AudioSynthTask

/// Tones that stand for two words by two voices, a specification with a tiny network, and short ways to ask.
struct SmallWords {
  let folder: TemporaryFolder
  let task = AudioSynth()
  /// What is asked where nothing else is said.
  var model = "digits"

  static let words = ["no", "yes"]
  static let voices = ["ann", "bob"]
  static let rate = 8000

  /// Takes 0 to 7 of every word and voice: 5 to watch the loss on, 6 and 7 to train on.
  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for word in Self.words {
      for voice in Self.voices {
        for take in 0..<8 {
          try wav(word, voice, take).write(to: data.appendingPathComponent("\(word)_\(voice)_\(take).wav"))
        }
      }
    }
    let own = folder.url.appendingPathComponent("audio-synth")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    try Data(
      """
      task: audio-synth
      version: 1
      summary: For tests.
      models:
        digits: {weights: digits.safetensors}
        judge: {weights: judge.safetensors}
      defaults: {model: digits}
      stages: [synthesize, encode-audio]
      training:
        digits:
          family: wavenet
          heldOutTakes: [5]
          frames: 3
          network: {channels: 16, dilationLimit: 8, stacks: 1, skip: 16, condition: 8, hop: 80}
          training:
            {seed: 1, steps: 6, chunksPerStep: 2, chunkSize: 2, optimizer: muon, learningRate: 0.01,
             hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.5, precision: float32, evaluateEvery: 3, checkpointEvery: 2}
        judge:
          family: discriminative
          heldOutTakes: [5]
          channels: [16, 16]
          blocks: 1
          shift: 0
          training:
            {seed: 1, steps: 300, chunksPerStep: 2, chunkSize: 8, optimizer: muon, learningRate: 0.003,
             hiddenLearningRate: 0.003, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.9, precision: float32, evaluateEvery: 300, checkpointEvery: 100}
      """.utf8
    ).write(to: own.appendingPathComponent("pipeline.yaml"))
  }

  var data: URL { folder.url.appendingPathComponent("data") }

  /// Some 40 ms: words differ by their pitch, voices by a fifth of it, takes by noise and length.
  func recording(_ word: String, _ voice: String, _ take: Int) -> AudioClip {
    let count = 300 + 12 * take
    let pitch: Double = (word == "no" ? 400 : 900) * (voice == "ann" ? 1.2 : 1)
    let noise = KeyedNoise(seed: 9, sample: UInt64(take), step: 0, stream: "\(word) \(voice)")
      .normal(count: count)
    let samples = (0..<count).map { index -> Float in
      let angle = 2 * Double.pi * pitch * Double(index) / Double(Self.rate)
      return Float(0.4 * sin(angle)) + 0.02 * noise[index]
    }
    return AudioClip(sampleRate: Self.rate, channels: 1, samples: samples)
  }

  func wav(_ word: String, _ voice: String, _ take: Int) throws -> Data {
    try recording(word, voice, take).encoded(as: .wav16)
  }

  var silent: Logger {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return log
  }

  func specification() throws -> Specification {
    try task.specification(in: PipelineHome(pipelines: folder.url))
  }

  /// A run of the recipe in a folder of its own.
  func train(
    _ name: String, model: String = "digits", resume: Bool = false, timeLimit: Double? = nil,
    steps: Int? = nil, data: [URL]? = nil,
    start: URL? = nil
  ) throws -> TrainingReport {
    try task.train(
      TrainingRequest(
        model: model, options: try Options(task.options, owner: "test"), data: data ?? [self.data],
        folder: folder.url.appendingPathComponent(name), resume: resume, start: start, timeLimit: timeLimit,
        steps: steps, workers: 2, log: silent), specification())
  }

  /// Trains and publishes.
  func published() throws -> Specification {
    let specification = try specification()
    try FileManager.default.copyItem(
      at: train("whole").weights, to: specification.model(named: "digits").weights)
    return specification
  }

  func request(_ verb: Verb, _ input: Data, _ given: [String: String] = [:]) throws -> InferenceRequest {
    InferenceRequest(
      input: input, name: "in.wav",
      options: try Options(
        task.options(of: verb), owner: "test", given: Self.given(["model": model].merging(given) { $1 })))
  }

  func draw(_ specification: Specification, _ text: String, _ given: [String: String] = [:], workers: Int = 1)
    throws -> DrawnFiles
  {
    let options = try Options(
      AskedSound.options, owner: "test", given: Self.given(given), fallbacks: Self.given(["model": model]))
    return try task.draw(text, options, specification, context: StageContext(workers: workers))
  }

  private static func given(_ options: [String: String]) -> [String: GivenOption] {
    Dictionary(uniqueKeysWithValues: options.map { ($0.key, .commandLine($0.key, $0.value)) })
  }
}
