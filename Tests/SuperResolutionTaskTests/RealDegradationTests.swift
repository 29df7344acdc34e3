import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Blur, noise and JPEG before the picture is made small.
struct RealDegradationTests {
  private func noise(_ sample: Int, seed: UInt64 = 1) -> KeyedNoise {
    KeyedNoise(seed: seed, sample: UInt64(sample), step: 0, stream: "test")
  }

  @Test(arguments: [2, 3, 4]) func keyedPicturesOfGreyLevels(_ scale: Int) throws {
    let high = try Synthetic.picture(height: 24 * scale, width: 20 * scale)
    for sample in 0..<12 {
      let low = try RealDegradation.low(high, scale: scale, noise: noise(sample))
      #expect(low.shape == [3, 24, 20])
      #expect(try low.minimum().scalar() >= 0 && low.maximum().scalar() <= 1)
      #expect(try largestDifference(low * 255, (low * 255).rounded()) < 1e-4)
      #expect(try RealDegradation.low(high, scale: scale, noise: noise(sample)).bytes() == low.bytes())
      #expect(try RealDegradation.low(high, scale: scale, noise: noise(sample + 12)).bytes() != low.bytes())
    }
  }

  /// A flat grey stays about what it is: neither the blur nor the noise shifts brightness.
  @Test func brightnessStays() throws {
    let high = try Tensor.full([3, 96, 96], 0.5)
    let means = try (0..<40).map {
      try RealDegradation.low(high, scale: 2, noise: noise($0)).mean().scalar()
    }
    #expect(means.allSatisfy { abs($0 - 0.5) < 0.01 })
  }

  /// What is lost differs from picture to picture, and some are hardly harmed.
  @Test func strengthsVary() throws {
    let high = try Synthetic.picture(height: 96, width: 96, seed: 2)
    let clean = try Degradation.bicubic(high, scale: 2)
    let errors = try (0..<60).map {
      try (RealDegradation.low(high, scale: 2, noise: noise($0)) - clean).squared().mean().scalar()
        .squareRoot() * 255
    }
    #expect(errors.min()! < 3 && errors.max()! > 12)
  }

  @Test func batchesAreKeyedAndHeldOutPicturesFixed() throws {
    let folder = try Synthetic.photographs(4, height: 120, width: 128)
    func dataset() throws -> PhotographDataset {
      try PhotographDataset(folders: [folder.url], scale: 2, degradation: .real, log: Synthetic.log)
    }
    let (a, b) = (try dataset(), try dataset())
    let whole = try a.batch(seed: 1, step: 3, samples: 0..<4, side: 16)
    #expect(whole.low.shape == [4, 3, 16, 16] && whole.high.shape == [4, 3, 32, 32])
    let part = try b.batch(seed: 1, step: 3, samples: 2..<4, side: 16)
    #expect(
      try part.low.bytes() == whole.low.narrow(0, start: 2, length: 2).contiguous(.channelsLast).bytes())
    #expect(try a.validation[0].low.bytes() == b.validation[0].low.bytes())
    let clean = try PhotographDataset(folders: [folder.url], scale: 2, log: Synthetic.log)
    #expect(try a.validation[0].low.bytes() != clean.validation[0].low.bytes())
    #expect(try a.validation[0].high.bytes() == clean.validation[0].high.bytes())
  }

  /// Weights for real pictures come first; what they have cleaned goes through the others.
  @Test func firstPassAlone() throws {
    let folder = try TemporaryFolder()
    let own = folder.url.appendingPathComponent("super-resolution")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    for name in ["a", "b", "c"] {
      try Synthetic.model(seed: 3).write(
        to: own.appendingPathComponent("\(name).safetensors"), notes: ["name": name])
    }
    try Data(
      """
      task: super-resolution
      version: 1
      summary: Enlarges pictures
      defaults: {model: one, scale: 2}
      models:
        one:
          weights: a.safetensors
          options: {scales: {4: b.safetensors}, real: {2: c.safetensors}}
        two: {weights: a.safetensors}
      stages: [decode-image, upscale, encode-png]
      """.utf8
    ).write(to: own.appendingPathComponent("pipeline.yaml"))
    let specification = try SuperResolution().specification(in: PipelineHome(pipelines: folder.url))
    let entry = try specification.model(named: "one")
    func files(_ degradation: Degradation, _ scale: Double) throws -> [String] {
      let weights = try ScaleWeights(entry, degradation: degradation)
      let plan = ScalePlan(scale: scale, available: weights.scales)
      return try weights.passes(plan).map { $0.file.lastPathComponent }
    }
    #expect(try files(.bicubic, 4) == ["b.safetensors"])
    #expect(try files(.real, 2) == ["c.safetensors"])
    #expect(try files(.real, 8) == ["c.safetensors", "a.safetensors", "a.safetensors"])
    let weights = try ScaleWeights(entry, degradation: .real)
    #expect(
      try weights.sha256(ScalePlan(scale: 4, available: weights.scales)).split(separator: "+").count == 2)
    let error = try #require(throws: PipelineError.self) {
      try ScaleWeights(specification.model(named: "two"), degradation: .real)
    }
    #expect(error.kind == .usage && error.description.contains("not trained for --degradation real"))
  }
}
