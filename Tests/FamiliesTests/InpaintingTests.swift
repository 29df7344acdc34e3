import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

/// Missing parts, and the evidence for conditions, with perfect backbones of Gaussians.
struct InpaintingTests {
  /// Both pixels of x are alike, x₀ = (s, s) with s ~ N(0, 1), so D(z, σ) is the mean of z times 2 / (2 + σ²).
  private let alike = DiffusionFamily(
    .init(mean: 0.5, deviation: 0.1), sampleShape: [1, 1, 2], settings: .init(guidance: 1)
  ) { u, time, _ in
    let sigma = exp(4 * Double(try time.floats()[0]))
    let total = 1 + sigma * sigma
    let z = try u * total.squareRoot()
    let clean = try (z.mean([3], keepAxes: true) * (2 / (2 + sigma * sigma))).expanded(z.shape)
    // From D back to F.
    return try (clean - z / total) * (total.squareRoot() / sigma)
  }

  @Test func missingPixelsAreLikeTheirTwins() throws {
    let count = 64
    let noise = BatchNoise(seed: 1, first: 0, count: count)
    let x = try Tensor.full([count, 1, 1, 2], 0.65)
    let known = try Tensor([1, 0] as [Float], shape: [1, 1, 1, 2]).expanded([count, 1, 1, 2]).contiguous()
    let whole = try alike.complete(x * known, known: known, given: .none, noise: noise)
    let (left, right) = (try whole.select(3, 0), try whole.select(3, 1))
    #expect(try largestDifference(left, .full(left.shape, 0.65)) < 1e-6)
    // What is drawn first has not seen the twin: an approximation, which is near here.
    #expect(try abs(right.mean().scalar() - 0.65) < 0.01)
    #expect(try largestDifference(right, .full(right.shape, 0.65)) < 0.05)
  }

  @Test func drawIsItsOwnInAnyBatch() throws {
    let known = try Tensor([1, 0] as [Float], shape: [1, 1, 1, 2])
    let x = try Tensor.full([1, 1, 1, 2], 0.5)
    let both = try alike.complete(
      .cat([x, x], axis: 0), known: .cat([known, known], axis: 0), given: .none,
      noise: BatchNoise(seed: 3, first: 0, count: 2))
    let second = try alike.complete(x, known: known, given: .none, noise: BatchNoise(seed: 3, samples: [1]))
    #expect(try largestDifference(both.narrow(0, start: 1, length: 1), second) < 1e-6)
  }

  /// x₀ ~ N(μ, 1) in each pixel, μ told as y: D = (z + σ² μ) / (1 + σ²), so F = σ μ / √(1 + σ²), and the bound is the
  /// density itself.
  @Test func evidenceIsTheDifferenceOfDensities() throws {
    let family = DiffusionFamily(.init(mean: 0, deviation: 1), sampleShape: [1, 2, 2]) { u, time, given in
      let sigma = exp(4 * Double(try time.floats()[0]))
      let shift = try (given.global ?? .zeros([1, 1])).reshaped([-1, 1, 1, 1])
      return try u.zerosLike() + shift * (sigma / (1 + sigma * sigma).squareRoot())
    }
    let means = [0, 0.5, -1]
    let x = try Tensor([0.3, 0.8, -0.2, 0.6] as [Float], shape: [1, 1, 2, 2])
    let exact = try means.map { mean in
      try x.floats().reduce(0) { $0 - pow(Double($1) - mean, 2) / 2 }
    }
    let given = Conditioning(global: try Tensor(means.map(Float.init), shape: [3, 1]))
    let found = try (0..<8).map { seed in
      try family.evidence(
        of: x, given: given, count: 3, levels: 100, noise: BatchNoise(seed: UInt64(seed), first: 0, count: 1))
    }
    for index in 1..<3 {
      let mean = found.reduce(0) { $0 + $1[index] - $1[0] } / Double(found.count)
      // What lies beyond the levels is about a thousandth.
      #expect(abs(mean - (exact[index] - exact[0])) < 0.15, "\(mean) for \(exact[index] - exact[0])")
    }
  }
}
