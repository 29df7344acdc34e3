internal import Foundation
internal import ModelEvaluation
internal import Torch

/// How good draws are on pictures whose truth is known.
struct PosteriorEvaluation {
  struct Figures {
    /// Of the first draw against the truth, as papers measure it: dB, and SSIM.
    var draw: (psnr: Double, ssim: Double)
    /// dB, of the mean of all draws.
    var meanPSNR: Double
    /// The least over the draws, dB.
    var consistency: Double
    /// Share of the truth's values, all channels, that lie in mean ± 1.645 · deviation of the draws, 0…1.
    var coverage: Double
    /// Root of the mean variance over the draws, in grey levels.
    var spread: Double

    /// In the order of `columns`.
    var values: [Double?] { [draw.psnr, draw.ssim, meanPSNR, consistency, coverage * 100, spread] }
  }

  /// Name, with the unit, and digits after the point.
  static let columns = [
    ("PSNR (dB)", 2), ("SSIM", 4), ("mean of \(draws) PSNR (dB)", 2), ("consistency (dB)", 1),
    ("coverage of 90 % (%)", 1), ("spread (levels)", 2),
  ].map { (name: $0, digits: $1) }

  /// Of each picture; their seed is 0.
  static let draws = 16
  /// Of the normal distribution: 90 % lie within as many deviations.
  static let quantile = 1.645

  let drawing: PosteriorDrawing
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
    let mean = try pictures.mean([0])
    let variance = try (pictures - mean).squared().sum([0]) / Double(Self.draws - 1)
    // What lies inside: (truth − mean)² ≤ quantile² · variance.
    let room = try variance * (Self.quantile * Self.quantile) - (truth - mean).squared()
    let inside = try Self.isNotNegative([.tensor(room), .double(0)]).to(.float32)
    let evaluation = SuperResolutionEvaluation(scale: scale)
    return Figures(
      draw: try evaluation.compare(each[0].0, truth), meanPSNR: try evaluation.compare(mean, truth).psnr,
      consistency: each.map(\.1).min() ?? 0, coverage: try inside.mean().scalar(),
      spread: try variance.mean().scalar().squareRoot() * 255)
  }

  private static let isNotNegative = Operator("aten::ge", "Scalar")
}
