internal import Foundation
internal import Torch

/// Whether intervals that draws make hold as much of the truth as they say: mean ± 1.645 deviations are to hold 90 %.
enum IntervalCoverage {
  /// Of a picture, to make intervals of.
  static let draws = 16
  static let share = 0.9
  /// Of the normal distribution: 90 % lie within as many deviations.
  private static let quantile = 1.645

  /// How many half-widths of its interval each of the truth's values lies away from the middle.
  /// - Parameters:
  ///   - truth: `[3, H, W]`.
  ///   - mean: over the draws, of the same shape, and `variance`.
  static func distances(of truth: Tensor, mean: Tensor, variance: Tensor) throws -> [Float] {
    // Where all draws agree, half a grey level is agreement.
    let width = try variance.squareRoot() * quantile + 0.5 / 255
    return try ((truth - mean).abs() / width).contiguous().floats()
  }

  /// Mean and variance over the draws, `[3, H, W]`.
  static func moments(_ drawn: Tensor) throws -> (mean: Tensor, variance: Tensor) {
    let mean = try drawn.mean([0])
    return (mean, try (drawn - mean).squared().sum([0]) / Double(drawn.shape[0] - 1))
  }

  /// The share of values inside their intervals.
  static func coverage(_ distances: [Float]) -> Double {
    Double(distances.count { $0 <= 1 }) / Double(distances.count)
  }

  /// How many times wider the intervals would have to be to hold the share that they say.
  static func widening(_ distances: [Float]) -> Double {
    let sorted = distances.sorted()
    return Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
  }
}
