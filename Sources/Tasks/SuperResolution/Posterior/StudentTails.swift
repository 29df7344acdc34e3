internal import Foundation
internal import Torch

/// A multivariate t distribution of variance 1 in every direction: normal, but for a common factor that nobody told (Lange et al.
/// 1989, "Robust statistical modeling using the t distribution", section 2). Places where colours are other than expected are
/// so in all their values.
struct StudentTails: Codable, Sendable, Equatable {
  /// ν; the larger, the nearer to a normal distribution.
  var freedom: Int

  private static let range = 3...40

  var isPlausible: Bool { Self.range.contains(freedom) }

  init(freedom: Int) { self.freedom = freedom }

  /// The most probable one for such squared lengths of vectors with `dimensions` numbers.
  /// - Precondition: there are some.
  init(fitting squares: [Double], dimensions: Int) {
    func value(_ freedom: Int) -> Double {
      let tails = StudentTails(freedom: freedom)
      return squares.reduce(0) { $0 + tails.logDensity(square: $1, dimensions: dimensions) }
    }
    freedom = Self.range.max { value($0) < value($1) } ?? Self.range.upperBound
  }

  /// Nats of a vector of that squared length.
  func logDensity(square: Double, dimensions: Int) -> Double {
    let (nu, d) = (Double(freedom), Double(dimensions))
    return lgamma((nu + d) / 2) - lgamma(nu / 2) - d / 2 * log((nu - 2) * .pi)
      - (nu + d) / 2 * log1p(square / (nu - 2))
  }

  /// Vectors along the first axis, `[1, dimensions, h, w]`, a factor for each place.
  func draw(_ noise: BatchNoise, dimensions: Int, height: Int, width: Int, stream: String) throws -> Tensor {
    let vectors = try noise.normal([dimensions, height, width], stream: stream)
    let factors = try noise.normal([freedom, height, width], stream: "\(stream), tails").squared()
      .sum([1], keepAxes: true)
    return try vectors * Double(freedom - 2).squareRoot() / factors.squareRoot()
  }
}
