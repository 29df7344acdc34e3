import Foundation
import MediaIO
import PipelineCore
import TestSupport

@testable import AudioSynthTask

/// Notes of two instruments, and recipes of tiny networks for everything but words alone.
struct SmallSounds {
  var words: SmallWords

  init() throws {
    words = try SmallWords()
    words.model = "voices"
    try FileManager.default.createDirectory(at: notes, withIntermediateDirectories: true)
    for instrument in ["bell", "pipe"] {
      for pitch in 60...63 {
        try note(instrument, pitch).write(
          to: notes.appendingPathComponent("\(instrument)_\(pitch)_80_60.wav"))
      }
    }
    let own = words.folder.url.appendingPathComponent("audio-synth/pipeline.yaml")
    let training = """
          training:
            {seed: 1, steps: 6, chunksPerStep: 2, chunkSize: 2, optimizer: muon, learningRate: 0.01,
             hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.5, precision: float32, evaluateEvery: 3, checkpointEvery: 2}
      """
    let network = "network: {channels: 16, dilationLimit: 8, stacks: 1, skip: 16, condition: 8, hop: 80}"
    try Data(
      """
      task: audio-synth
      version: 1
      summary: For tests.
      models:
        voices: {weights: voices.safetensors}
        vocoder: {weights: vocoder.safetensors}
        notes: {weights: notes.safetensors}
      defaults: {model: voices}
      stages: [synthesize, encode-audio]
      training:
        voices:
          family: diffusion
          heldOutTakes: [5]
          bands: 16
          hop: 80
          window: 256
          columns: 8
          network:
            {patch: 2, channels: [8, 8], blocks: 1, embedding: 8,
             sampler: {name: dpm-solver, steps: 2, guidance: 1.5}}
      \(training)
        vocoder:
          family: vocoder
          sampleRate: 8000
          bands: 16
          window: 256
          frames: 3
          watched: 4
          \(network)
      \(training)
        notes:
          family: notes
          heldOut: 4
          release: 0.05
          phases: 16
          partials: 3
          lead: 2
          jitter: 1
          temperature: 0.7
          frames: 4
          \(network)
      \(training)
      """.utf8
    ).write(to: own)
  }

  var notes: URL { words.folder.url.appendingPathComponent("notes") }

  private func note(_ instrument: String, _ pitch: Int) throws -> Data {
    let frequency = 440 * exp2(Double(pitch - 69) / 12)
    let samples = (0..<1760).map { index -> Float in
      let wave = sin(2 * Double.pi * frequency * Double(index) / 16_000)
      return Float(0.5 * wave * (instrument == "bell" ? exp(-Double(index) / 500) : 1))
    }
    // In two channels, as synthesisers give them.
    return try AudioClip(sampleRate: 16_000, channels: 2, samples: samples.flatMap { [$0, $0] })
      .encoded(as: .wav16)
  }

  func train(_ model: String, _ folder: String, resume: Bool = false, timeLimit: Double? = nil) throws
    -> TrainingReport
  {
    try words.train(
      folder, model: model, resume: resume, timeLimit: timeLimit,
      data: [model == "notes" ? notes : words.data])
  }

  /// Trains and publishes all three.
  func published() throws -> Specification {
    let specification = try words.specification()
    for model in ["voices", "vocoder", "notes"] {
      try FileManager.default.copyItem(
        at: train(model, "whole-\(model)").weights, to: specification.model(named: model).weights)
    }
    return specification
  }
}
