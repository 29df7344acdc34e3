internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// How often the most probable description of a rendered scene is all true.
struct SceneReadingFigures {
  static let columns: [(name: String, digits: Int)] = [
    ("all right %", 1), ("all right % ±", 1), ("by the judge alone %", 1), ("probability of the truth", 3),
  ]

  let model: CaptionModel
  let judge: SceneJudge
  let request: EvaluationRequest

  func callAsFunction(_ part: EvaluatedPart, count: Int) throws -> [Double?] {
    let progress = ProgressLine("describe", total: count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let results = try (0..<count).map { index -> (Bool, Bool, Double) in
      try Interrupt.check()
      defer { progress.advance() }
      let rendered = try RenderedScenes(BatchNoise(seed: 3, first: index, count: 1), part.scene)
      let truth = rendered.scenes[0]
      let reading = try SceneReading(
        rendered.x.select(0, 0), model, judge, candidates: 16, levels: CaptionEvidence.levels,
        workers: request.workers)
      let shares = reading.joint.softmax
      let best = shares.indices.max { shares[$0] < shares[$1] } ?? 0
      let place = reading.scenes.firstIndex(of: truth)
      return (place == best, reading.scenes.first == truth, place.map { shares[$0] } ?? 0)
    }
    let right = meanWithError(results.map { $0.0 ? 100 : 0 })
    return [
      right.mean, right.standardError, meanWithError(results.map { $0.1 ? 100 : 0 }).mean,
      meanWithError(results.map(\.2)).mean,
    ]
  }
}
