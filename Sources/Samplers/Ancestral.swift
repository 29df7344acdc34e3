public import Torch

/// Ancestral sampling: every step goes further down than the next level and adds the missing noise anew, so that errors
/// are forgotten (Ho et al. 2020, algorithm 2, in the variance-exploding variables). A stochastic sampler: its draws
/// have the right distribution in the limit of many steps, and do not converge draw by draw.
/// - Parameters:
///   - x: noise of deviation `levels.sigmas[0]`.
///   - noise: standard normal noise of x's shape for a step.
///   - afterStep: called with the number of steps done and x; throws to stop.
public func sampleAncestral(
  _ x: Tensor, levels: NoiseLevels, noise: (_ step: Int) throws -> Tensor,
  afterStep: (Int, Tensor) throws -> Void = { _, _ in }, denoiser: Denoiser
) throws -> Tensor {
  try sampleDDIM(x, levels: levels, eta: 1, noise: noise, afterStep: afterStep, denoiser: denoiser)
}
