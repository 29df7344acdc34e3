internal import Foundation
internal import Torch

/// How far the truth lies from the conditional mean, by how busy the mean is there: s² = floor + slope · v^power.
///
/// v is the variance of the mean's values around the low-resolution pixel that they belong to, over 3×3 such pixels.
/// A photograph's residual is tens of times larger in foliage than in sky; divided by s it is of deviation 1 in both,
/// as a diffusion with one σ wants it.
struct LocalDeviation: Codable, Sendable, Equatable {
  /// Squares of values over 0…1.
  var floor: Double
  var slope: Double
  /// Below 1: the residual grows less than the contrast does.
  var power: Double

  var isPlausible: Bool {
    (1e-9...1).contains(floor) && (0...100).contains(slope) && (0.01...4).contains(power)
  }

  /// v, `[N, 1, h, w]`.
  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  static func activity(low: Tensor, mean: Tensor, scale: Int) throws -> Tensor {
    let around = try LocalDetail.around(low: low, mean: mean, scale: scale)
    return try LocalDetail.smoothed(around.squared().mean([1], keepAxes: true))
  }

  /// s, `[N, 1, h, w]`, of such activities.
  func callAsFunction(_ activity: Tensor) throws -> Tensor {
    // v^power, of what may be 0.
    let raised = try ((activity + 1e-12).log() * power).exp()
    return try (raised * slope + floor).squareRoot()
  }

  /// The most probable one for normal residuals: minimises the mean of ln s² + e / s² over pairs of activity v and squared
  /// residual e, by a grid of powers and of ratios slope / floor, each with its best size.
  /// - Precondition: there are pairs.
  init(fitting pairs: [(activity: Double, square: Double)]) {
    var best = (value: Double.infinity, floor: 1.0, slope: 0.0, power: 1.0)
    for power in stride(from: 0.3, through: 1.2, by: 0.1) {
      let raised = pairs.map { pow($0.activity + 1e-12, power) }
      for exponent in stride(from: -1.0, through: 5.0, by: 0.1) {
        let ratio = pow(10, exponent)
        // With s² = c (1 + ratio · v^power) the best c is the mean of e / (1 + ratio · v^power).
        var (size, logarithms) = (0.0, 0.0)
        for (pair, raised) in zip(pairs, raised) {
          size += pair.square / (1 + ratio * raised)
          logarithms += log(1 + ratio * raised)
        }
        size /= Double(pairs.count)
        let value = log(size) + logarithms / Double(pairs.count)
        if value < best.value { best = (value, size, size * ratio, power) }
      }
    }
    (floor, slope, power) = (max(best.floor, 1e-9), best.slope, best.power)
  }

  init(floor: Double, slope: Double, power: Double = 1) {
    (self.floor, self.slope, self.power) = (floor, slope, power)
  }
}
