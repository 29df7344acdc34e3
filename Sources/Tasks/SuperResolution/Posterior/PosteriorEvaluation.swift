internal import Foundation
internal import ModelEvaluation
internal import Torch

/// How good draws are on pictures whose truth is known.
struct PosteriorEvaluation {
  struct Figures {
    /// Of the first draw; its consistency is the least over all.
    var draw: SuperResolutionEvaluation.Figures
    /// dB, of the mean of all draws.
    var meanPSNR: Double
    /// Share of the truth's values, all channels, that lie in the draws' intervals, 0…1.
    var coverage: Double
    /// Root of the mean variance over the draws, in grey levels.
    var spread: Double

    /// In the order of `columns`, behind those of the draw.
    var values: [Double?] { [meanPSNR, coverage * 100, spread] }
  }

  /// What there is beyond a picture's own figures: name, with the unit, and digits after the point.
  static let columns = [
    ("mean of \(draws) PSNR (dB)", 2), ("coverage of 90 % (%)", 1), ("spread (levels)", 2),
  ].map { (name: $0, digits: $1) }

  /// Of each picture; their seed is 0.
  static let draws = IntervalCoverage.draws

  let drawing: PosteriorDrawing
  let evaluation: SuperResolutionEvaluation
  let workers: Int

  /// - Parameter afterDraw: called on worker threads; throws to stop.
  func callAsFunction(_ pair: BenchmarkPair, afterDraw: @escaping @Sendable () throws -> Void) throws
    -> Figures
  {
    let space = try drawing.space(of: pair.low, workers: workers)
    let scale = drawing.scale
    let (drawing, low, truth) = (drawing, pair.low, pair.high)
    let each = try ChunkRunner(workers: workers).map(Self.draws) { index -> (Tensor, Double) in
      let drawn = try ConsistencyProjection.project(
        drawing(space, seed: 0, index: index, workers: 1), low: low)
      try afterDraw()
      return (
        try (drawn * 255).rounded() / 255,
        try ConsistencyProjection.consistency(of: drawn, low: low, scale: scale)
      )
    }
    let pictures = try Tensor.stack(
      each.map {
        try $0.0.narrow(1, start: 0, length: truth.shape[1]).narrow(2, start: 0, length: truth.shape[2])
      })
    let (mean, variance) = try IntervalCoverage.moments(pictures)
    var draw = try evaluation(each[0].0, pair)
    draw.consistency = each.map(\.1).min() ?? draw.consistency
    return Figures(
      draw: draw, meanPSNR: try SuperResolutionEvaluation.compare(mean, truth, scale: scale).psnr,
      coverage: IntervalCoverage.coverage(
        try IntervalCoverage.distances(of: truth, mean: mean, variance: variance)),
      spread: try variance.mean().scalar().squareRoot() * 255)
  }
}
