import Conditioners
import Families
import Foundation
import TestSupport
import Synchronization
import Testing
import Torch

/// Diffusion with the perfect backbone of a Gaussian: x₀ ~ N(mean, deviation²) has D = z / (1 + σ²), so F = 0.
struct DiffusionTests {
  private func family(_ name: DiffusionFamily.SamplerSettings.Name, steps: Int = 30, guidance: Double = 1)
    -> DiffusionFamily
  {
    DiffusionFamily(
      .init(mean: 0.3, deviation: 0.2), sampleShape: [1, 4, 4],
      settings: .init(name: name, steps: steps, guidance: guidance)
    ) { x, time, _ in try x.zerosLike() }
  }

  @Test(arguments: DiffusionFamily.SamplerSettings.Name.allCases)
  func drawsOfAGaussian(_ name: DiffusionFamily.SamplerSettings.Name) throws {
    let count = 400
    let x = try family(name, steps: 200).sample(
      given: .none, noise: BatchNoise(seed: 1, first: 0, count: count))
    #expect(x.shape == [count, 1, 4, 4])
    let mean = try x.mean().scalar()
    let deviation = try (x - mean).squared().mean().scalar().squareRoot()
    #expect(abs(mean - 0.3) < 0.01 && abs(deviation - 0.2) < 0.015)
  }

  /// Draws stay within bounds where some are given, and those that were within keep their values nearly.
  @Test(arguments: [DiffusionFamily.SamplerSettings.Name.euler, .ancestral])
  func drawsWithinBounds(_ name: DiffusionFamily.SamplerSettings.Name) throws {
    var bounded = family(name, steps: 50)
    bounded.bounds = 0.1...0.5
    let noise = BatchNoise(seed: 1, first: 0, count: 50)
    let (free, kept) = (
      try family(name, steps: 50).sample(given: .none, noise: noise).floats(),
      try bounded.sample(given: .none, noise: noise).floats()
    )
    #expect(free.contains { $0 < 0.05 } && free.contains { $0 > 0.55 })
    #expect(kept.allSatisfy { (0.1 - 1e-5...0.5 + 1e-5).contains($0) })
    // One in three is beyond a deviation, where the bounds are.
    #expect(zip(free, kept).count { abs($0 - $1) > 0.02 } < free.count / 2)
  }

  @Test func sampleIsItsOwnInAnyBatch() throws {
    let family = family(.ancestral, steps: 5)
    let whole = try family.sample(given: .none, noise: BatchNoise(seed: 1, first: 0, count: 5))
    let part = try family.sample(given: .none, noise: BatchNoise(seed: 1, samples: [3]))
    #expect(try part.select(0, 0).bytes() == whole.select(0, 3).bytes())
  }

  /// With F = 0 the weighted loss is E[(σ² + 1)/σ² (z/(1 + σ²) − z₀)²] = E[z₀² σ² + ε²]/(1 + σ²)… = 1 for white data.
  @Test func lossOfWhiteData() throws {
    let count = 3000
    let noise = BatchNoise(seed: 2, first: 0, count: count)
    let x = try Tensor.noise([count, 1, 4, 4], seed: 5) * 0.2 + 0.3
    let loss = try family(.euler).loss(x, given: .none, noise: noise).scalar()
    #expect(abs(loss - 1) < 0.03)
  }

  /// Steps go from the settings' largest σ to their smallest, evenly in σ^(1/7).
  @Test func stepsKeepToTheirRange() throws {
    let seen = Mutex<[Double]>([])
    let settings = DiffusionFamily.SamplerSettings(name: .euler, steps: 3, largest: 8, smallest: 1)
    let family = DiffusionFamily(.init(mean: 0, deviation: 1), sampleShape: [1, 2, 2], settings: settings) {
      x, time, _ in
      let sigma = try exp(time.floats().map(Double.init)[0] * 4)
      seen.withLock { $0.append(sigma) }
      return try x.zerosLike()
    }
    _ = try family.sample(given: .none, noise: BatchNoise(seed: 1, first: 0, count: 1))
    let middle = pow((pow(8, 1.0 / 7) + 1) / 2, 7)
    let wanted = [8, middle, 1]
    #expect(seen.withLock { zip($0, wanted).allSatisfy { abs($0 - $1) < 1e-4 } && $0.count == 3 })
    #expect(settings.isPlausible)
    #expect(!DiffusionFamily.SamplerSettings(largest: 1, smallest: 1).isPlausible)
    #expect(!DiffusionFamily.SamplerSettings(smallest: 0).isPlausible)
    #expect(!DiffusionFamily.SamplerSettings(steps: 0).isPlausible)
  }

  /// The condition reaches the backbone, but for the share that is told nothing; guidance extrapolates from it.
  @Test func conditionAndGuidance() throws {
    func family(_ guidance: Double) -> DiffusionFamily {
      DiffusionFamily(
        .init(mean: 0, deviation: 1), sampleShape: [1, 2, 2],
        settings: .init(name: .euler, steps: 1, guidance: guidance)
      ) { x, _, given in
        try x.zerosLike() + (given.global ?? .zeros([1, 1])).sum([1]).reshaped([-1, 1, 1, 1])
      }
    }
    let given = Conditioning(global: try Tensor([2] as [Float], shape: [1, 1]))
    let noise = BatchNoise(seed: 1, first: 0, count: 1)
    let (none, one, three) = (
      try family(0).sample(given: given, noise: noise), try family(1).sample(given: given, noise: noise),
      try family(3).sample(given: given, noise: noise)
    )
    #expect(try largestDifference(one - none, .full([1, 1, 2, 2], 2)) < 0.01)
    #expect(try largestDifference(three - none, (one - none) * 3) < 1e-4)
    #expect(
      try largestDifference(none, family(1).sample(given: .none, noise: noise)) < 1e-6)
    // Away from another y: D(x | other) + w (D(x | y) − D(x | other)).
    let other = Conditioning(global: try Tensor([1] as [Float], shape: [1, 1]))
    let away = try family(3).sample(given: given, against: other, noise: noise)
    #expect(try largestDifference(away - none, (one - none) * 2) < 1e-4)
  }

  /// Of a sequence, those that are told nothing see the first element alone.
  @Test func sequencesAreLeftOutToo() throws {
    let sequence = try Tensor((0..<12).map(Float.init), shape: [2, 3, 2])
    let given = Conditioning(global: try .full([2, 1], 5), sequence: sequence)
    let kept = try given.keeping([1, 0])
    #expect(try kept.global!.floats() == [5, 0])
    #expect(try kept.sequenceMask!.floats() == [1, 1, 1, 1, 0, 0])
    #expect(try given.keeping([1, 1]).sequenceMask == nil)
    let masked = Conditioning(
      sequence: sequence, sequenceMask: try Tensor([1, 1, 0, 1, 0, 0] as [Float], shape: [2, 3]))
    #expect(try masked.keeping([0, 1]).sequenceMask!.floats() == [1, 0, 0, 1, 0, 0])
    let twice = try kept.repeated(2)
    #expect(twice.sequence!.shape == [4, 3, 2])
    #expect(try twice.global!.floats() == [5, 0, 5, 0])
  }
}
