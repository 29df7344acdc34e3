public import Torch

/// Heun's method: second order, two evaluations a step but the last (Karras et al. 2022, algorithm 1).
/// - Parameters:
///   - x: noise of deviation `levels.sigmas[0]`.
///   - afterStep: called with the number of steps done and x; throws to stop.
public func sampleHeun(
  _ x: Tensor, levels: NoiseLevels, afterStep: (Int, Tensor) throws -> Void = { _, _ in }, denoiser: Denoiser
) throws -> Tensor {
  var x = x
  for step in 0..<levels.steps {
    let (now, next) = (levels.sigmas[step], levels.sigmas[step + 1])
    let slope = try (x - denoiser(x, now)) / now
    let predicted = try x + slope * (next - now)
    if next > 0 {
      let correction = try (predicted - denoiser(predicted, next)) / next
      x = try x + (slope + correction) * ((next - now) / 2)
    } else {
      // The slope at σ = 0 is not defined.
      x = predicted
    }
    try afterStep(step + 1, x)
  }
  return x
}
