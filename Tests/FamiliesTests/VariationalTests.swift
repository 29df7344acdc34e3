import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

/// One latent number that sets the brightness of two pixels; its posterior is a guess.
private struct Brightness: LadderBackbone {
  var latentShapes: [[Int]] { [[1, 1, 1]] }
  func encoded(_ levels: Tensor) throws -> [Tensor] {
    [try levels.mean([1, 2, 3], keepAxes: true) / 127.5 - 1]
  }
  func begin(global: Tensor) throws -> Tensor {
    try global.narrow(1, start: 0, length: 1).reshaped([-1, 1, 1, 1])
  }
  func stream(before group: Int, _ stream: Tensor, global: Tensor) throws -> Tensor { stream }
  func prior(_ group: Int, _ stream: Tensor) throws -> Tensor {
    try Tensor.cat([stream * 0.1, stream.zerosLike() - 0.5], axis: 1)
  }
  func posterior(_ group: Int, _ stream: Tensor, _ encoded: Tensor) throws -> Tensor {
    try Tensor.cat([encoded * 1.2, encoded.zerosLike() - 1], axis: 1)
  }
  func absorbed(_ group: Int, _ stream: Tensor, _ latents: Tensor) throws -> Tensor { latents }
  func decoded(_ stream: Tensor) throws -> Tensor {
    let both = try stream.expanded([stream.shape[0], 1, 1, 2])
    return try Tensor.cat([both.zerosLike(), both, both.zerosLike() - 2.5], axis: 1)
  }
}

struct VariationalTests {
  private let levels = [60, 75]

  private func family(_ samples: Int) -> VariationalFamily {
    VariationalFamily(sampleShape: [1, 1, 2], importanceSamples: samples, backbone: Brightness())
  }

  private func x(_ count: Int) throws -> Tensor {
    try Tensor(levels.map { (Float($0) + 0.5) / 256 }, shape: [1, 1, 1, 2]).expanded([count, 1, 1, 2])
      .contiguous()
  }

  private func given(_ count: Int) throws -> Conditioning {
    Conditioning(global: try Tensor([Float](repeating: 1, count: count), shape: [count, 1]))
  }

  /// log ∫ P(x | z) P(z) dz by a fine sum, in density over 1/256 a level.
  private func exact() throws -> Double {
    let count = 8001
    let (mean, deviation) = (0.1, exp(-0.5))
    let zs = (0..<count).map { mean + deviation * (Double($0) / 1000 - 4) }
    let parameters = try Brightness().decoded(Tensor(zs.map(Float.init), shape: [count, 1, 1, 1]))
    let grey = try Tensor(levels.map(Float.init), shape: [1, 1, 1, 2]).expanded([count, 1, 1, 2]).contiguous()
    let likelihood = try DiscretizedLogisticMixture.logProbability(grey, parameters).sum([1, 2]).elements(
      Float.self)
    var sum = 0.0
    for (index, value) in likelihood.enumerated() {
      let unit = Double(index) / 1000 - 4
      sum += exp(Double(value) - unit * unit / 2) / (2 * Double.pi).squareRoot() / 1000
    }
    return log(sum) + 2 * log(256)
  }

  @Test func boundsTightenTowardsTheTruth() throws {
    let count = 400
    let noise = BatchNoise(seed: 3, first: 0, count: count)
    func mean(_ samples: Int) throws -> (bound: Double, error: Double) {
      let density = try family(samples).logDensity(x(count), known: nil, given: given(count), noise: noise)
      #expect(density.kind == .bound && density.evaluations == samples)
      return (try density.values.mean().scalar(), try density.standardError!.mean().scalar())
    }
    let truth = try exact()
    let (one, many) = (try mean(1), try mean(64))
    #expect(one.bound < many.bound && many.bound < truth + 0.03)
    #expect(abs(many.bound - truth) < 0.05)
    #expect(many.error < 0.3)
    // The evidence lower bound is the bound of one draw, in expectation.
    let loss = try family(1).loss(x(count), given: given(count), noise: noise).scalar()
    #expect(abs(-loss * 2 * log(2) + 2 * log(256) - one.bound) < 0.15)
  }

  @Test func latentsGoRound() throws {
    let family = family(1)
    let z = try Tensor([0.4, -1.1] as [Float], shape: [2, 1])
    let x = try family.generate(z, given: given(2))
    // Mean and deviation of the prior are 0.1 and e^−½.
    let expected = [0.1 + exp(-0.5) * 0.4, 0.1 - exp(-0.5) * 1.1].map {
      ((($0 + 1) * 127.5).rounded() + 0.5) / 256
    }
    #expect(
      try abs(x.floats()[0] - Float(expected[0])) < 1e-6 && abs(x.floats()[2] - Float(expected[1])) < 1e-6)
    #expect(try family.embed(x, given: given(2)).shape == [2, 1])
  }

  @Test func drawsAreKeyedByTheirSample() throws {
    let whole = try family(1).sample(given: given(5), noise: BatchNoise(seed: 1, first: 0, count: 5))
    let part = try family(1).sample(given: given(1), noise: BatchNoise(seed: 1, samples: [3]))
    #expect(try part.select(0, 0).bytes() == whole.select(0, 3).bytes())
  }
}
