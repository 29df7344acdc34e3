import Conditioners
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Families

/// Mixtures of factor analysers against dense Gaussians, which need no tricks.
struct MixtureTests {
  private let c = 2
  private let d = 5
  private let r = 2

  private func analyzers() throws -> FactorAnalyzers {
    FactorAnalyzers(
      means: try .noise([c, d], seed: 1).to(.float64), loadings: try .noise([c, d, r], seed: 2).to(.float64),
      variances: try (Tensor.uniform([c, d], seed: 3) + 0.2).to(.float64))
  }

  /// log N(x; mean, covariance) by a Cholesky factor of the whole covariance.
  private func dense(_ x: Tensor, _ mean: Tensor, _ covariance: Tensor) throws -> Double {
    let factor = try covariance.cholesky()
    let white = try factor.solveTriangular((x - mean).unsqueezed(1))
    let determinant = try 2 * factor.diagonal().log().sum().scalar()
    return try -0.5 * (Double(x.count) * log(2 * .pi) + determinant + white.squared().sum().scalar())
  }

  private func covariance(_ analyzers: FactorAnalyzers, _ index: Int) throws -> Tensor {
    let loading = try analyzers.loadings.select(0, index)
    let noise = try Tensor.identity(d, .float64) * analyzers.variances.select(0, index)
    return try loading.matmul(loading.permuted([1, 0])) + noise
  }

  @Test func densitiesAreThoseOfTheWholeCovariance() throws {
    let analyzers = try analyzers()
    let x = try Tensor.noise([3, d], seed: 4).to(.float64)
    let found = try analyzers.factors(of: x).logDensities
    for index in 0..<c {
      for row in 0..<3 {
        let expected = try dense(
          x.select(0, row), analyzers.means.select(0, index), covariance(analyzers, index))
        #expect(abs(try found.select(0, index).select(0, row).scalar() - expected) < 1e-10)
      }
    }
  }

  /// Missing values are summed over: what is left is the Gaussian of the known ones.
  @Test func missingValuesAreMarginal() throws {
    let analyzers = try analyzers()
    let x = try Tensor.noise([2, d], seed: 4).to(.float64)
    let masks: [[Double]] = [[1, 0, 1, 1, 0], [0, 1, 0, 0, 0]]
    let known = try Tensor(masks.flatMap { $0 }, shape: [2, d])
    let found = try analyzers.factors(of: x, known: known).logDensities
    for index in 0..<c {
      for (row, mask) in masks.enumerated() {
        let places = mask.indices.filter { mask[$0] == 1 }.map(Int64.init)
        let chosen = try Tensor(places, shape: [places.count])
        let expected = try dense(
          x.select(0, row).indexSelect(0, chosen),
          analyzers.means.select(0, index).indexSelect(0, chosen),
          covariance(analyzers, index).indexSelect(0, chosen).indexSelect(1, chosen))
        #expect(abs(try found.select(0, index).select(0, row).scalar() - expected) < 1e-10)
      }
    }
  }

  /// Two classes of two components each over three values.
  private func family() throws -> MixtureFamily {
    let mixture = try ClassMixture(.init(classes: 2, components: 2, dimensions: 3, rank: 1))
    mixture.logWeights.value = try Tensor([0.3, 0.7, 0.5, 0.5] as [Float], shape: [2, 2]).log()
    mixture.means.value = try .noise([2, 2, 3], seed: 5) * 2
    mixture.loadings.value = try .noise([2, 2, 3, 1], seed: 6)
    mixture.logVariances.value = try .noise([2, 2, 3], seed: 7) * 0.3 - 1
    return MixtureFamily(mixture, sampleShape: [1, 3])
  }

  private let classes = ClassConditioner(classes: ["a", "b"])

  /// P(x) = Σ P(x | y) P(y).
  @Test func classesAreSummedOver() throws {
    let family = try family()
    let x = try Tensor.noise([4, 1, 3], seed: 8)
    let noise = BatchNoise(seed: 0, first: 0, count: 4)
    func density(_ given: Conditioning) throws -> Tensor {
      let found = try family.logDensity(x, known: nil, given: given, noise: noise)
      #expect(found.kind == .exact)
      return found.values
    }
    let a = try density(classes([0, 0, 0, 0])).exp()
    let b = try density(classes([1, 1, 1, 1])).exp()
    let both = try density(classes(prior: [0.25, 0.75], count: 4)).exp()
    #expect(try largestDifference(both, a * 0.25 + b * 0.75) < 1e-9)
  }

  /// The mean and covariance of draws are those of the mixture.
  @Test func drawsHaveTheRightMoments() throws {
    let family = try family()
    let count = 4000
    let x = try family.sample(
      given: classes([Int](repeating: 0, count: count)), noise: BatchNoise(seed: 3, first: 0, count: count)
    ).reshaped([count, 3])
    let mixture = family.mixture
    let weights = [0.3, 0.7]
    var mean = try Tensor.zeros([3])
    var second = try Tensor.zeros([3, 3])
    for index in 0..<2 {
      let m = try mixture.means.value.select(0, 0).select(0, index)
      let l = try mixture.loadings.value.select(0, 0).select(0, index)
      let v = try mixture.logVariances.value.select(0, 0).select(0, index).exp()
      mean = try mean + m * weights[index]
      let outer = try m.unsqueezed(1).matmul(m.unsqueezed(0)) + l.matmul(l.permuted([1, 0]))
      second = try second + (outer + Tensor.identity(3) * v) * weights[index]
    }
    #expect(try largestDifference(x.mean([0]), mean) < 0.1)
    #expect(try largestDifference(x.permuted([1, 0]).matmul(x) / Double(count), second) < 0.35)
  }

  @Test func sampleIsItsOwnInAnyBatch() throws {
    let family = try family()
    let whole = try family.sample(
      given: classes([0, 1, 0, 1]), noise: BatchNoise(seed: 1, first: 0, count: 4))
    let alone = try family.sample(given: classes([0]), noise: BatchNoise(seed: 1, samples: [2]))
    #expect(try alone.select(0, 0).bytes() == whole.select(0, 2).bytes())
  }

  /// Draws of a missing value follow p(missing | known) = p(both) / p(known), compared through their mean.
  @Test func completionsFollowTheConditional() throws {
    let family = try family()
    let count = 3000
    let x = try Tensor([0.4, -0.3, 0] as [Float], shape: [1, 1, 3]).expanded([count, 1, 3]).contiguous()
    let known = try Tensor([1, 1, 0] as [Float], shape: [1, 1, 3]).expanded([count, 1, 3]).contiguous()
    let drawn = try family.complete(
      x, known: known, given: classes([Int](repeating: 1, count: count)),
      noise: BatchNoise(seed: 2, first: 0, count: count))
    #expect(try drawn.select(2, 0).minimum().scalar() == Double(Float(0.4)))
    // The conditional's mean by summing the joint density over a grid.
    let grid = (0..<2001).map { -10 + Float($0) * 0.01 }
    let points = try Tensor(grid.flatMap { [0.4, -0.3, $0] as [Float] }, shape: [grid.count, 1, 3])
    let densities = try family.logDensity(
      points, known: nil, given: classes([Int](repeating: 1, count: grid.count)),
      noise: BatchNoise(seed: 0, first: 0, count: grid.count)
    ).values.exp().elements(Double.self)
    let mean = zip(grid, densities).reduce(0) { $0 + Double($1.0) * $1.1 } / densities.reduce(0, +)
    #expect(abs(try drawn.select(2, 2).mean().scalar() - mean) < 0.06)
    // The grid's step times the sum is the density of the known part.
    let marginal = try family.logDensity(
      x.narrow(0, start: 0, length: 1), known: known.narrow(0, start: 0, length: 1), given: classes([1]),
      noise: BatchNoise(seed: 0, first: 0, count: 1)
    ).values.scalar()
    #expect(abs(log(densities.reduce(0, +) * 0.01) - marginal) < 1e-3)
  }

  /// Expectation maximisation never makes its data less probable, and finds the classes' means.
  @Test func fittingHelps() throws {
    let family = try family()
    let samples = try (0..<2).map { label in
      try family.sample(
        given: classes([Int](repeating: label, count: 800)),
        noise: BatchNoise(seed: UInt64(label), first: 0, count: 800)
      ).reshaped([800, 3])
    }
    var course: [Int: [Double]] = [:]
    let fit = MixtureFit(family.mixture.configuration, iterations: 40, leastVariance: 1e-4, seed: 1)
    let fitted = try fit(samples) { label, _, density in course[label, default: []].append(density) }
    for densities in course.values {
      #expect(densities.count == 40)
      #expect(zip(densities, densities.dropFirst()).allSatisfy { $1 > $0 - 1e-9 })
      #expect(densities.last! > densities[0] + 0.1)
    }
    let again = try fit(samples) { _, _, _ in }
    #expect(try again.means.value.bytes() == fitted.means.value.bytes())
    let learned = MixtureFamily(fitted, sampleShape: [3])
    let noise = BatchNoise(seed: 0, first: 0, count: 800)
    let given = try classes([Int](repeating: 0, count: 800))
    let truth = try MixtureFamily(family.mixture, sampleShape: [3])
      .logDensity(samples[0], known: nil, given: given, noise: noise).values.mean().scalar()
    let found = try learned.logDensity(samples[0], known: nil, given: given, noise: noise).values.mean()
      .scalar()
    #expect(found > truth - 0.05)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let family = try family()
    let noise = BatchNoise(seed: 0, first: 0, count: 2)
    #expect(throws: TensorError.self) {
      try family.logDensity(.zeros([2, 3]), known: nil, given: classes([0, 0]), noise: noise)
    }
    #expect(throws: TensorError.self) {
      try family.logDensity(.zeros([2, 1, 3]), known: nil, given: .none, noise: noise)
    }
    #expect(throws: TensorError.self) { try classes([2]) }
    let fit = MixtureFit(family.mixture.configuration, iterations: 1, leastVariance: 1e-4, seed: 1)
    #expect(throws: TensorError.self) { try fit([.zeros([1, 3]), .zeros([5, 3])]) { _, _, _ in } }
  }
}
