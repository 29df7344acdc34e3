internal import Foundation
public import Torch

/// DPM-Solver++(2M): second order with one evaluation a step, by the clean x of the step before (Lu et al. 2022,
/// "DPM-Solver++", algorithm 2), in λ = −log σ. The first step and the last one, to σ = 0, are of first order.
/// - Parameters:
///   - x: noise of deviation `levels.sigmas[0]`.
///   - afterStep: called with the number of steps done and x; throws to stop.
public func sampleDPMSolver(
  _ x: Tensor, levels: NoiseLevels, afterStep: (Int, Tensor) throws -> Void = { _, _ in }, denoiser: Denoiser
) throws -> Tensor {
  var x = x
  var before: (clean: Tensor, width: Double)?
  for step in 0..<levels.steps {
    let (now, next) = (levels.sigmas[step], levels.sigmas[step + 1])
    let clean = try denoiser(x, now)
    guard next > 0 else {
      x = clean
      try afterStep(step + 1, x)
      break
    }
    let width = log(now / next)
    var extrapolated = clean
    if let before {
      let ratio = width / before.width
      extrapolated = try clean * (1 + ratio / 2) - before.clean * (ratio / 2)
    }
    x = try x * (next / now) + extrapolated * (1 - exp(-width))
    before = (clean, width)
    try afterStep(step + 1, x)
  }
  return x
}
