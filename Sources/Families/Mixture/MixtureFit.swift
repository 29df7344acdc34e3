internal import Foundation
public import Torch
internal import TorchNN

/// Fits a `ClassMixture` by expectation maximisation (Ghahramani & Hinton 1996, equations 13–17).
public struct MixtureFit: Sendable {
  public var configuration: ClassMixture.Configuration
  public var iterations: Int
  /// Least variance of a value's own noise; without it a value that never changed makes any other impossible.
  public var leastVariance: Double
  /// Keys the first guess.
  public var seed: UInt64

  public init(
    _ configuration: ClassMixture.Configuration, iterations: Int, leastVariance: Double, seed: UInt64
  ) {
    self.configuration = configuration
    self.iterations = iterations
    self.leastVariance = leastVariance
    self.seed = seed
  }

  /// - Parameters:
  ///   - samples: x of each class, `[N, D]` about 0…1, at least as many as there are components.
  ///   - afterIteration: called with the class, the iteration and the mean log density before it (nats); throws to
  ///     stop.
  /// - Throws: `TensorError` when a class has too few samples.
  public func callAsFunction(
    _ samples: [Tensor], afterIteration: (_ class: Int, _ iteration: Int, _ logDensity: Double) throws -> Void
  ) throws -> ClassMixture {
    let mixture = try ClassMixture(configuration)
    var parts: [(logWeights: Tensor, analyzers: FactorAnalyzers)] = []
    for (index, x) in samples.enumerated() {
      guard x.shape[0] >= max(2, configuration.components) else {
        throw TensorError(
          "class \(index) has \(x.shape[0]) samples; \(max(2, configuration.components)) or more are needed")
      }
      let fitted = try ChunkRunner.single {
        try Autograd.disabled { try fit(x.to(.float64), index) { try afterIteration(index, $0, $1) } }
      }
      parts.append(fitted)
    }
    func stacked(_ part: (FactorAnalyzers) throws -> Tensor) throws -> Tensor {
      try Tensor.stack(parts.map { try part($0.analyzers) }).to(.float32)
    }
    mixture.logWeights.value = try Tensor.stack(parts.map(\.logWeights)).to(.float32)
    mixture.means.value = try stacked(\.means)
    mixture.loadings.value = try stacked(\.loadings)
    mixture.logVariances.value = try stacked { try $0.variances.log() }
    return mixture
  }

  private func fit(_ x: Tensor, _ index: Int, _ afterIteration: (Int, Double) throws -> Void) throws -> (
    logWeights: Tensor, analyzers: FactorAnalyzers
  ) {
    let (c, count) = (configuration.components, x.shape[0])
    var analyzers = try start(x, index)
    var logWeights = try Tensor.full([c], -log(Double(c)), .float64)
    for iteration in 0..<iterations {
      let factors = try analyzers.factors(of: x)
      let joint = try factors.logDensities + logWeights.unsqueezed(1)
      let total = try joint.logSumExp(0)
      try afterIteration(iteration, total.mean().scalar())
      // A component that lost its samples keeps a trace of all of them.
      let shares = try (joint - total.unsqueezed(0)).exp() + 1e-9
      analyzers = try maximized(x, shares, factors)
      logWeights = try (shares.sum([1]) / Double(count)).log()
    }
    return (logWeights, analyzers)
  }

  /// Components at samples drawn at random, with the noise of the whole class and weak random factors.
  private func start(_ x: Tensor, _ index: Int) throws -> FactorAnalyzers {
    let (c, d, r) = (configuration.components, configuration.dimensions, configuration.rank)
    let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "mixture start")
    let mean = try x.mean([0], keepAxes: true)
    let variance = try (x - mean).squared().mean([0], keepAxes: true).clamped(leastVariance, .infinity)
    var chosen: [Int64] = []
    for place in noise.integers(below: x.shape[0], count: 64 * c) where chosen.count < c {
      if !chosen.contains(Int64(place)) { chosen.append(Int64(place)) }
    }
    while chosen.count < c { chosen.append(Int64(chosen.count)) }
    // Half way to the class's mean, so that one odd sample does not own a component.
    let means = try (x.indexSelect(0, Tensor(chosen, shape: [c])) + mean) * 0.5
    let white = try Tensor(noise.normal(count: c * d * r, offset: 1 << 20), shape: [c, d, r]).to(.float64)
    let scale = try variance.squareRoot().reshaped([1, d, 1]) * (0.3 / Double(r).squareRoot())
    return FactorAnalyzers(
      means: means, loadings: try white * scale, variances: try variance.expanded([c, d]).contiguous())
  }

  private func maximized(_ x: Tensor, _ shares: Tensor, _ factors: FactorAnalyzers.Factors) throws
    -> FactorAnalyzers
  {
    let (c, n, r) = (configuration.components, x.shape[0], configuration.rank)
    let counts = try shares.sum([1])
    // z with a 1 behind it, so that the mean is one more factor.
    let z = try Tensor.cat([factors.means, .full([c, n, 1], 1, .float64)], axis: 2)
    let weighted = try z * shares.unsqueezed(2)
    let xz = try x.permuted([1, 0]).unsqueezed(0).matmul(weighted)
    let identity = try Tensor.identity(r, .float64).expanded([c, r, r])
    let covariance = try factors.precision.squeezed(1).choleskySolve(identity.contiguous())
    let padded = try covariance.padded([0, 1, 0, 1]) * counts.reshaped([c, 1, 1])
    let zz = try z.permuted([0, 2, 1]).matmul(weighted) + padded
    let solution = try zz.cholesky().choleskySolve(xz.permuted([0, 2, 1]).contiguous()).permuted([0, 2, 1])
    let squares = try shares.matmul(x.squared())
    let residual = try (squares - (solution * xz).sum([2])) / counts.unsqueezed(1)
    return FactorAnalyzers(
      means: try solution.select(2, r).contiguous(),
      loadings: try solution.narrow(2, start: 0, length: r).contiguous(),
      variances: try residual.clamped(leastVariance, .infinity))
  }
}
