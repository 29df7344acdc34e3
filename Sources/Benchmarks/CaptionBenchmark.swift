internal import Foundation
internal import TextToImageTask
internal import Torch

/// Draws pictures of a caption again and again, as the stage does.
struct CaptionBenchmark {
  private let stage: DrawCaptionStage
  private let count: Int

  /// - Parameter steps: of DPM-Solver++.
  init(weights: String, count: Int, steps: Int) throws {
    // Diffusers has this sampler as well.
    let options = ["count": "\(count)", "steps": "\(steps)", "sampler": "dpm-solver"]
    stage = try DrawCaptionStage(weights: URL(fileURLWithPath: weights), options)
    self.count = count
  }

  func draw() throws {
    let drawn = try stage.pictures(
      "a black table with 6 chairs", workers: ProcessInfo.processInfo.activeProcessorCount)
    guard drawn.count == count else { throw TensorError("\(drawn.count) pictures were drawn, not \(count)") }
  }
}
