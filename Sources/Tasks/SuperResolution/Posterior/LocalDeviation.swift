internal import Foundation
internal import Torch

/// How far the truth lies from the conditional mean, by how busy the mean is there: s² = floor + slope · v.
///
/// v is the variance of the mean's values around the low-resolution pixel that they belong to, over 3×3 such pixels.
/// A photograph's residual is tens of times larger in foliage than in sky; divided by s it is of deviation 1 in both,
/// as a diffusion with one σ wants it.
struct LocalDeviation: Codable, Sendable, Equatable {
  /// Squares of values over 0…1.
  var floor: Double
  var slope: Double

  var isPlausible: Bool { (1e-9...1).contains(floor) && (0...100).contains(slope) }

  /// v, `[N, 1, h, w]`.
  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  static func activity(low: Tensor, mean: Tensor, scale: Int) throws -> Tensor {
    let around = try mean.pixelUnshuffled(scale) - low.repeatInterleave(scale * scale, axis: 1)
    let own = try around.squared().mean([1], keepAxes: true)
    let box = try Tensor.full([1, 1, 3, 3], 1.0 / 9, device: own.device)
    return try own.padded([1, 1, 1, 1], .replicate).conv2d(box, bias: nil, padding: 0)
  }

  /// s, `[N, 1, h, w]`, of such activities.
  func callAsFunction(_ activity: Tensor) throws -> Tensor { try (activity * slope + floor).squareRoot() }

  /// The most probable one for normal residuals: minimises the mean of ln s² + e / s² over pairs of activity v and squared
  /// residual e, by a grid of ratios slope / floor, each with its best size.
  /// - Precondition: there are pairs.
  init(fitting pairs: [(activity: Double, square: Double)]) {
    var best = (value: Double.infinity, floor: 1.0, slope: 0.0)
    for exponent in stride(from: -1.0, through: 6.0, by: 0.05) {
      let ratio = pow(10, exponent)
      // With s² = c (1 + ratio · v) the best c is the mean of e / (1 + ratio · v).
      let shapes = pairs.map { 1 + ratio * $0.activity }
      let size = zip(pairs, shapes).reduce(0) { $0 + $1.0.square / $1.1 } / Double(pairs.count)
      let value = log(size) + shapes.reduce(0) { $0 + log($1) } / Double(pairs.count)
      if value < best.value { best = (value, size, size * ratio) }
    }
    (floor, slope) = (max(best.floor, 1e-9), best.slope)
  }

  init(floor: Double, slope: Double) { (self.floor, self.slope) = (floor, slope) }
}
