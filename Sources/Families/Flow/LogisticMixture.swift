internal import Foundation
public import Torch

/// The invertible map of a number by the distribution function of a mixture of logistic distributions,
/// z = logit Σ π σ((u − μ) / s) (Ho et al. 2019, "Flow++", section 3.2). Against a logistic base the density of u is
/// that of the mixture.
///
/// Parameters are, for M components, M logits, M means and M log scales along axis 1.
public enum LogisticMixture {
  private static let minimum = Operator("aten::amin")
  private static let maximum = Operator("aten::amax")

  /// Smallest log scale of u.
  public static let leastLogScale = -8.0

  /// Parameters of M components to begin with, `[3 M, 1, 1]`: the first covers the black level of pictures over −1…1, the
  /// others lie side by side. A network that starts from zeros would need thousands of steps to get so narrow.
  static func layout(components m: Int) throws -> Tensor {
    let black = (mean: Float(-1 + 1.0 / 256), logScale: Float(-6))
    let others = (0..<max(0, m - 1)).map { 2 * (Float($0) + 0.5) / Float(m - 1) - 1 }
    let values =
      [Float](repeating: 0, count: m) + [black.mean] + others + [black.logScale]
      + [Float](repeating: -2, count: max(0, m - 1))
    return try Tensor(values, shape: [3 * m, 1, 1])
  }

  private struct Parts {
    let logWeights: Tensor
    let means: Tensor
    let logScales: Tensor

    init(_ parameters: Tensor) throws {
      let m = parameters.shape[1] / 3
      logWeights = try parameters.narrow(1, start: 0, length: m).logSoftmax(1)
      means = try parameters.narrow(1, start: m, length: m)
      logScales = try parameters.narrow(1, start: 2 * m, length: m).clamped(leastLogScale, 20)
    }

    func standardized(_ u: Tensor) throws -> Tensor { try (u - means) * (-logScales).exp() }

    /// logit of the distribution function, of u `[N, 1, …]`.
    func logit(_ u: Tensor) throws -> Tensor {
      let c = try standardized(u)
      return try (logWeights + c.logSigmoid()).logSumExp(1)
        - (logWeights + (-c).logSigmoid()).logSumExp(1)
    }
  }

  /// log density in nats, `[N, …]`, of `u [N, 1, …]`.
  public static func logDensity(_ u: Tensor, _ parameters: Tensor) throws -> Tensor {
    let parts = try Parts(parameters)
    let c = try parts.standardized(u)
    return try (parts.logWeights - parts.logScales + c.logSigmoid() + (-c).logSigmoid())
      .logSumExp(1)
  }

  /// z `[N, 1, …]` of u.
  public static func forward(_ u: Tensor, _ parameters: Tensor) throws -> Tensor {
    try Parts(parameters).logit(u).unsqueezed(1)
  }

  /// u `[N, 1, …]` of z, in float64 by bisection between the components' own quantiles, where the mixture's lies.
  public static func inverse(_ z: Tensor, _ parameters: Tensor) throws -> Tensor {
    let parts = try Parts(parameters.to(.float64))
    let z = try z.to(.float64)
    let quantiles = try parts.means + parts.logScales.exp() * z
    var low = try minimum([.tensor(quantiles), .ints([1]), .bool(true)])
    var high = try maximum([.tensor(quantiles), .ints([1]), .bool(true)])
    for _ in 0..<48 {
      let middle = try (low + high) / 2
      let excess = try parts.logit(middle).unsqueezed(1) - z
      low = try low.selected(where: excess, else: middle)
      high = try middle.selected(where: excess, else: high)
    }
    return try (low + high) / 2
  }
}
