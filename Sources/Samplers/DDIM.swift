public import Torch

/// Denoising diffusion implicit models without noise of their own (Song et al. 2021, equation 12 with σ = 0), in the
/// variance-exploding variables: x' = D + (σ'/σ) (x − D). First order; the same steps as Euler's in exact arithmetic.
///
/// With `eta` above 0 noise is added back at every step, up to that of the ancestral sampler at 1 (equation 16).
/// - Parameters:
///   - x: noise of deviation `levels.sigmas[0]`.
///   - noise: standard normal noise of x's shape for a step; needed where `eta` is above 0.
///   - afterStep: called with the number of steps done and x; throws to stop.
public func sampleDDIM(
  _ x: Tensor, levels: NoiseLevels, eta: Double = 0, noise: (_ step: Int) throws -> Tensor,
  afterStep: (Int, Tensor) throws -> Void = { _, _ in }, denoiser: Denoiser
) throws -> Tensor {
  var x = x
  for step in 0..<levels.steps {
    let (now, next) = (levels.sigmas[step], levels.sigmas[step + 1])
    let clean = try denoiser(x, now)
    let fresh = eta * freshDeviation(from: now, to: next)
    let kept = (max(0, next * next - fresh * fresh)).squareRoot()
    x = try clean + (x - clean) * (kept / now)
    if fresh > 0 { x = try x + noise(step) * fresh }
    try afterStep(step + 1, x)
  }
  return x
}

/// Deviation of the noise that an ancestral step from `now` to `next` adds: that of x at `next` given x at `now` and
/// the clean x (Song et al. 2021, equation 16).
func freshDeviation(from now: Double, to next: Double) -> Double {
  (next * next * (now * now - next * next) / (now * now)).squareRoot()
}
