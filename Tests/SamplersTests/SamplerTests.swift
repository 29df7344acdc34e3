import Foundation
import Samplers
import TestSupport
import Testing
import Torch

/// Samplers on a distribution whose every quantity is known: x₀ ~ N(mean, s²), for which
/// D(x, σ) = (s² x + σ² mean) / (s² + σ²), and the flow keeps (x − mean) / √(s² + σ²).
struct SamplerTests {
  private let deviation = 0.5
  private let mean = 0.3
  private let largest = 20.0

  private func denoiser(_ x: Tensor, _ sigma: Double) throws -> Tensor {
    let variance = deviation * deviation
    return try (x * variance + sigma * sigma * mean) / (variance + sigma * sigma)
  }

  private func start(_ count: Int = 8) throws -> Tensor {
    try Tensor.noise([count], seed: 3).to(.float64) * largest
  }

  /// Where the flow ends.
  private func exact(_ x: Tensor) throws -> Tensor {
    try (x - mean) * (deviation / (deviation * deviation + largest * largest).squareRoot()) + mean
  }

  /// The error of a sampler at the last level above 0, where every step so far was of its own order.
  private func error(
    _ steps: Int, _ sampler: (Tensor, NoiseLevels, (Int, Tensor) throws -> Void) throws -> Tensor
  ) throws -> Double {
    let x = try start()
    // Ends where the data's own deviation dominates, so that the error is that of the steps above it.
    let levels = NoiseLevels.karras(steps: steps, largest: largest, smallest: 0.1)
    var last: Tensor?
    _ = try sampler(x, levels) { done, x in if done == steps - 1 { last = x } }
    let scale = ((deviation * deviation + 0.01) / (deviation * deviation + largest * largest)).squareRoot()
    return try largestDifference(#require(last), (x - mean) * scale + mean)
  }

  private func order(
    _ sampler: (Tensor, NoiseLevels, (Int, Tensor) throws -> Void) throws -> Tensor
  ) throws -> Double {
    // Twice the steps between the first and the last level.
    log2(try error(81, sampler) / error(161, sampler))
  }

  /// Steps as numbers are the samplers' own, to rounding.
  @Test func linearStepsAreTheSamplers() throws {
    let levels = NoiseLevels.karras(steps: 9, largest: largest, smallest: 0.1)
    let x = try start()
    for (linear, expected) in [
      (LinearSteps.euler(levels), try sampleEuler(x, levels: levels, denoiser: denoiser)),
      (LinearSteps.dpmSolver(levels), try sampleDPMSolver(x, levels: levels, denoiser: denoiser)),
    ] {
      #expect(linear.steps.map(\.sigma) == Array(levels.sigmas.dropLast()))
      var (now, before) = (x, try x.zerosLike())
      for step in linear.steps {
        let clean = try denoiser(now, step.sigma)
        now = try now * step.x + clean * step.clean + before * step.before
        before = clean
      }
      #expect(try largestDifference(now, expected) < 1e-9)
    }
  }

  @Test func euler() throws {
    let order = try order { try sampleEuler($0, levels: $1, afterStep: $2, denoiser: denoiser) }
    #expect(abs(order - 1) < 0.1)
  }

  @Test func heun() throws {
    let order = try order { try sampleHeun($0, levels: $1, afterStep: $2, denoiser: denoiser) }
    #expect(abs(order - 2) < 0.15)
  }

  @Test func dpmSolver() throws {
    let order = try order { try sampleDPMSolver($0, levels: $1, afterStep: $2, denoiser: denoiser) }
    #expect(abs(order - 2) < 0.25)
  }

  @Test func ddimIsEuler() throws {
    let levels = NoiseLevels.karras(steps: 12, largest: largest, smallest: 0.01)
    let x = try start()
    let ddim = try sampleDDIM(
      x, levels: levels, noise: { _ in throw TensorError("no noise") }, denoiser: denoiser)
    let euler = try sampleEuler(x, levels: levels, denoiser: denoiser)
    #expect(try largestDifference(ddim, euler) < 1e-12)
  }

  /// One step of a perfect denoiser lands on the mean of what x could be.
  @Test func allEndNearTheExactFlow() throws {
    let x = try start()
    let levels = NoiseLevels.karras(steps: 200, largest: largest, smallest: 0.002)
    let exact = try exact(x)
    for (end, tolerance) in [
      (try sampleEuler(x, levels: levels, denoiser: denoiser), 0.02),
      (try sampleHeun(x, levels: levels, denoiser: denoiser), 1e-3),
      (try sampleDPMSolver(x, levels: levels, denoiser: denoiser), 1e-3),
      (
        try sampleHeun(x, levels: .straight(steps: 400, first: largest / (1 + largest)), denoiser: denoiser),
        0.02
      ),
    ] {
      #expect(try largestDifference(end, exact) < tolerance)
    }
  }

  /// Stochastic draws have the distribution's moments, whatever they began with.
  @Test func ancestralDrawsHaveTheRightMoments() throws {
    let count = 20_000
    let levels = NoiseLevels.karras(steps: 200, largest: largest, smallest: 0.01)
    let x = try sampleAncestral(
      start(count), levels: levels, noise: { try Tensor.noise([count], seed: 100 + UInt64($0)).to(.float64) },
      denoiser: denoiser)
    let found = try x.mean().scalar()
    #expect(abs(found - mean) < 0.02)
    let spread = try (x - found).squared().mean().scalar().squareRoot()
    #expect(abs(spread - deviation) < 0.03)
  }

  @Test func levels() {
    let karras = NoiseLevels.karras(steps: 5, largest: 80, smallest: 0.002)
    #expect(karras.steps == 5 && abs(karras.sigmas[0] - 80) < 1e-9 && abs(karras.sigmas[4] - 0.002) < 1e-9)
    // (80^(1/7) + (0.002^(1/7) − 80^(1/7)) / 2)^7
    #expect(abs(karras.sigmas[2] - 2.5152) < 1e-3)
    let straight = NoiseLevels.straight(steps: 4, first: 0.8)
    let expected = [4, 1.5, 2.0 / 3, 0.25, 0]
    #expect(zip(straight.sigmas, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(NoiseLevels.karras(steps: 1, largest: 3, smallest: 1).sigmas.count == 2)
  }
}
