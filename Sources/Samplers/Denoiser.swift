internal import Foundation
public import Torch

/// From a noisy x and the deviation σ of its noise to what x is without noise: E[x₀ | x₀ + σ ε = x].
///
/// All samplers here are functions over such a closure and know no model. They follow the probability-flow equation
/// dx/dσ = (x − D(x, σ)) / σ of the variance-exploding process (Karras et al. 2022, "Elucidating the design space of
/// diffusion-based generative models", equation 3), to which flow matching's straight paths are a change of variables.
public typealias Denoiser = (_ x: Tensor, _ sigma: Double) throws -> Tensor

/// Levels of noise, the largest first, ending in 0.
public struct NoiseLevels: Sendable, Equatable {
  public let sigmas: [Double]

  /// Number of steps.
  public var steps: Int { sigmas.count - 1 }

  /// - Precondition: at least one level above 0, falling, the last one 0.
  public init(_ sigmas: [Double]) {
    precondition(
      sigmas.count >= 2 && sigmas.last == 0 && zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 > $1 },
      "levels of noise fall to 0")
    self.sigmas = sigmas
  }

  /// Karras et al. 2022, equation 5: σ^(1/ρ) falls evenly from `largest` to `smallest`, then 0.
  public static func karras(steps: Int, largest: Double, smallest: Double, rho: Double = 7) -> NoiseLevels {
    precondition(steps >= 1 && largest > smallest && smallest > 0, "the largest level is above the smallest")
    let (high, low) = (pow(largest, 1 / rho), pow(smallest, 1 / rho))
    let levels = (0..<steps).map { step in
      pow(steps == 1 ? high : high + (low - high) * Double(step) / Double(steps - 1), rho)
    }
    return NoiseLevels(levels + [0])
  }

  /// Flow matching's even steps in t, from x₁ = noise at t = 1 to data at t = 0, where x_t = (1 − t) x₀ + t ε has
  /// σ = t / (1 − t) (Lipman et al. 2023, "Flow matching for generative modeling", equation 20).
  /// - Parameter first: the time to begin with, below 1, where σ is still finite.
  public static func straight(steps: Int, first: Double = 0.998) -> NoiseLevels {
    precondition(steps >= 1 && first > 0 && first < 1, "flow matching begins at a time in 0…1")
    return NoiseLevels(
      (0...steps).map { step in
        let t = first * (1 - Double(step) / Double(steps))
        return t / (1 - t)
      })
  }
}
