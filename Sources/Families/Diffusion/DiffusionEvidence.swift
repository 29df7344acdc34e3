public import Conditioners
internal import Foundation
public import Torch

/// How much better one condition explains x than another, by how well each helps to remove noise from it: the variational
/// bound's integral ∫ E‖x − D(x + σε, σ)‖² / σ² d ln σ (Kingma et al. 2021, "Variational diffusion models", equation 15;
/// Li et al. 2023, "Your diffusion model is secretly a zero-shot classifier", equation 5).
extension DiffusionFamily {
  /// σ between which the integral is taken, in deviations of the data. Below, no condition helps; above, nothing is left
  /// of x.
  static let evidenceRange = (smallest: 0.03, largest: 30.0)

  /// Minus the integral for each row of `conditioning`, in nats up to a sum that is the same for all: one x, the same
  /// noise for all.
  /// - Parameters:
  ///   - x: `[1, C, H, W]`.
  ///   - levels: of noise, one in each of as many even parts of ln σ.
  ///   - noise: of one row.
  public func evidence(
    of x: Tensor, given conditioning: Conditioning, count: Int, levels: Int, noise: BatchNoise
  ) throws -> [Double] {
    try Autograd.disabled {
      let z = try (x - configuration.mean) / configuration.deviation
      let (low, high) = (log(Self.evidenceRange.smallest), log(Self.evidenceRange.largest))
      let width = (high - low) / Double(levels)
      let places = noise.row(0, stream: "levels").uniform(count: levels)
      var total = try Tensor.zeros([count], .float64)
      for level in 0..<levels {
        let sigma = exp(low + width * (Double(level) + Double(places[level])))
        let grain = try noise.normal(sampleShape, step: level, stream: "evidence") * sigma
        let noisy = try (z + grain).expanded([count] + sampleShape).contiguous()
        let error = try (drawn(noisy, sigma, conditioning) - z).squared().to(.float64).sum([1, 2, 3])
        total = try total - error * (width / (sigma * sigma))
      }
      return try total.elements(Double.self)
    }
  }
}
