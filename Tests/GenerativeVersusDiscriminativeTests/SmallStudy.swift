import Foundation
import Logging
import MediaIO
import PipelineCore
import TestSupport
import Torch

@testable import GenerativeVersusDiscriminative

/// Small pictures and tables, and a study of them that takes seconds.
struct SmallStudy {
  let folder: TemporaryFolder
  var pictures: URL { folder.url.appendingPathComponent("pictures") }
  var strangers: URL { folder.url.appendingPathComponent("strangers") }
  var tables: URL { folder.url.appendingPathComponent("tables") }
  var output: URL { folder.url.appendingPathComponent("out") }
  var home: PipelineHome { PipelineHome(pipelines: folder.url.appendingPathComponent("pipelines")) }

  /// 60 pictures of 8×4 a class, bright at the left or at the right; strangers are black. A table of two Gaussians.
  init(edit: (String) -> String = { $0 }) throws {
    folder = try TemporaryFolder()
    for (set, name, brightness) in [
      (pictures, "left", [180, 20]), (pictures, "right", [20, 180]), (strangers, "a", [0, 0]),
      (strangers, "b", [0, 0]),
    ] {
      let inside = set.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
      for index in 0..<60 {
        let levels = KeyedNoise(seed: 9, sample: UInt64(index), step: 0, stream: name)
          .integers(below: 40, count: 32)
        let samples = (0..<32).map { place in
          let level = brightness[place % 8 < 4 ? 0 : 1]
          return UInt8(level == 0 ? 0 : level + levels[place])
        }
        try Image(width: 8, height: 4, channels: .grey, samples: .uint8(samples)).pngData()
          .write(to: inside.appendingPathComponent(String(format: "%02d.png", index)))
      }
    }
    try FileManager.default.createDirectory(at: tables, withIntermediateDirectories: true)
    let noise = KeyedNoise(seed: 3, sample: 0, step: 0, stream: "table").normal(count: 240)
    let rows = (0..<120).map {
      "\(noise[2 * $0] + Float($0 % 2)),\(noise[2 * $0 + 1]),\($0 % 2 == 0 ? "no" : "yes")"
    }
    try Data((["a,b,class"] + rows).joined(separator: "\n").utf8)
      .write(to: tables.appendingPathComponent("two.csv"))
    let own = home.folder(of: GenerativeVersusDiscriminative.name)
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    try Data(edit(Self.study).utf8).write(to: own.appendingPathComponent("study.yaml"))
    let task = home.folder(of: "class-image")
    try FileManager.default.createDirectory(at: task, withIntermediateDirectories: true)
    try Data("task: class-image\nversion: 1\nsummary: For tests.\nstages: [draw-class-image]\n".utf8)
      .write(to: task.appendingPathComponent("pipeline.yaml"))
  }

  private static let study = """
    study: generative-vs-discriminative
    pictures:
      {sizes: [10, 40], contaminatedSizes: [40], repeats: 2, repeatedUpTo: 10, watched: 10, tested: 12, noise: 20,
       strangers: 0.25, seed: 1}
    learners:
      mixture:
        length: {epochs: 0, leastSteps: 2, mostSteps: 2, picturesPerStep: 1, leastPictures: 20}
        recipe: {family: mixture, classes: [], components: 1, rank: 2, iterations: 2, leastDeviation: 8, heldOut: 2, seed: 1}
      discriminative:
        length: {epochs: 4, leastSteps: 2, mostSteps: 30, picturesPerStep: 8, leastPictures: 2}
        recipe:
          family: discriminative
          classes: []
          heldOut: 0
          network: {channels: [8, 8], blocks: 1, shift: 0, mirrors: false}
          training:
            {seed: 1, steps: 30, chunksPerStep: 2, chunkSize: 4, optimizer: muon, learningRate: 0.01,
             hiddenLearningRate: 0.01, finalRateShare: 0.1, warmupSteps: 1, weightDecay: 0, gradientClip: 1,
             emaDecay: 0.5, precision: float32, evaluateEvery: 30, checkpointEvery: 1000}

    """

  func settings() throws -> PictureSettings {
    try PictureSettings(
      contentsOf: home.folder(of: GenerativeVersusDiscriminative.name).appendingPathComponent("study.yaml"))
  }

  /// The whole study, or its pictures without tables and strangers.
  func page(workers: Int = 2, output: URL? = nil, isWhole: Bool = true) throws -> URL {
    var log = Logger(label: "tests")
    log.logLevel = .critical
    return try GenerativeVersusDiscriminative(in: home)(
      .init(
        tables: isWhole ? tables : nil, pictures: pictures, strangers: isWhole ? strangers : nil,
        output: output ?? self.output, splits: 4, workers: workers, log: log))
  }
}
