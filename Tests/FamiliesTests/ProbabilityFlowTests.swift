import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

/// The flow of the perfect backbone of a Gaussian, whose density is known.
struct ProbabilityFlowTests {
  private let family = DiffusionFamily(
    .init(mean: 0.3, deviation: 0.2), sampleShape: [1, 4, 4], settings: .init()
  ) { x, _, _ in try x * 0 }

  @Test func densityOfAGaussian() throws {
    let count = 20
    let x = try Tensor.noise([count, 1, 4, 4], seed: 3) * 0.2 + 0.3
    let density = try family.logDensity(
      x, known: nil, given: .none, noise: BatchNoise(seed: 1, first: 0, count: count))
    let z = try (x.to(.float64) - 0.3) / 0.2
    let exact = try z.squared().sum([1, 2, 3]) * -0.5 - 8 * log(2 * .pi) - 16 * log(0.2)
    #expect(density.kind == .estimate && density.evaluations == 2 * DiffusionFamily.flowSteps)
    #expect(try largestDifference(density.values, exact) < 1e-3)
    #expect(try density.standardError!.maximum().scalar() < 1e-3)
  }

  @Test func roundTrip() throws {
    let x = try Tensor.noise([5, 1, 4, 4], seed: 9) * 0.2 + 0.3
    let z = try family.invert(x, given: .none)
    #expect(z.shape == [5, 16])
    #expect(try largestDifference(z, ((x - 0.3) / 0.2).reshaped([5, 16])) < 1e-4)
    #expect(try largestDifference(family.generate(z, given: .none), x) < 1e-5)
  }

  /// Data of another deviation s than the family says: D = z s² / (s² + σ²), so F = u (s² − 1) σ √(1 + σ²) / (s² + σ²) …
  /// and the flow moves, with a Jacobian that is known.
  @Test func densityOfAnotherGaussian() throws {
    let s = 0.6
    let family = DiffusionFamily(.init(mean: 0, deviation: 1), sampleShape: [1, 4, 4], settings: .init()) {
      u, time, _ in
      let sigma = try (time * 4).exp().reshaped([-1, 1, 1, 1])
      return try u * ((sigma * (s * s - 1)) / (sigma.squared() + s * s))
    }
    let x = try Tensor.noise([10, 1, 4, 4], seed: 4) * s
    let density = try family.logDensity(
      x, known: nil, given: .none, noise: BatchNoise(seed: 1, first: 0, count: 10))
    let exact = try (x.to(.float64) / s).squared().sum([1, 2, 3]) * -0.5 - 8 * log(2 * .pi) - 16 * log(s)
    // What is left is the error of the steps, some thousandths of a bit a dimension.
    let error = try largestDifference(density.values, exact)
    #expect(error < 0.03, "\(error)")
  }

  @Test func missingPartsAreRefused() throws {
    let x = try Tensor.zeros([1, 1, 4, 4])
    #expect(throws: TensorError.self) {
      try family.logDensity(x, known: x, given: .none, noise: BatchNoise(seed: 1, first: 0, count: 1))
    }
  }
}
