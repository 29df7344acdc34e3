public import Torch

/// Euler's method: first order, one evaluation a step (Karras et al. 2022, algorithm 1 without its correction).
/// - Parameters:
///   - x: noise of deviation `levels.sigmas[0]`.
///   - afterStep: called with the number of steps done and x; throws to stop.
public func sampleEuler(
  _ x: Tensor, levels: NoiseLevels, afterStep: (Int, Tensor) throws -> Void = { _, _ in }, denoiser: Denoiser
) throws -> Tensor {
  var x = x
  for step in 0..<levels.steps {
    let (now, next) = (levels.sigmas[step], levels.sigmas[step + 1])
    let slope = try (x - denoiser(x, now)) / now
    x = try x + slope * (next - now)
    try afterStep(step + 1, x)
  }
  return x
}
