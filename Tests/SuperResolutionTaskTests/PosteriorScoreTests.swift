import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// How plausible a picture is given a smaller one.
struct PosteriorScoreTests {
  /// A denoiser that says nothing: then y is normal, and the whole density can be written down.
  private func drawing(freedom: Int = 5) throws -> PosteriorDrawing {
    var model = try Synthetic.posterior()
    model.description.tails = StudentTails(freedom: freedom)
    model.network.denoiser.tail.weight.value = try model.network.denoiser.tail.weight.value.zerosLike()
    if let bias = model.network.denoiser.tail.bias { bias.value = try bias.value.zerosLike() }
    return try PosteriorDrawing(model: model, mean: Upscaler(model: Synthetic.model(scale: 4)))
  }

  private func score(_ high: Tensor, _ low: Tensor) throws -> PosteriorScore {
    try ChunkRunner.single { try PosteriorScore(drawing(), low: low, high: high, StageContext()) }
  }

  @Test func normalResiduals() throws {
    let low = try Synthetic.picture(height: 5, width: 6)
    let high = try Synthetic.picture(height: 20, width: 24, seed: 1)
    let found = try score(high, low)
    let drawing = try drawing()
    let noise = BatchNoise(seed: 0, first: 0, count: 1)
    let x = try high.unsqueezed(0) + (noise.uniform(high.shape, stream: "dequantization") - 0.5) / 255
    let space = try drawing.space(of: low)
    let y = try space.variable(of: x).floats().map(Double.init)
    // Of variance 1 + 0.05², for densities are those of y with that much noise.
    let variance = 1 + 0.05 * 0.05
    var expected = y.reduce(0) { $0 - $1 * $1 / (2 * variance) - log(2 * .pi * variance) / 2 }
    for square in try space.variableAcross(of: x).squared().sum([1]).contiguous().floats() {
      expected += StudentTails(freedom: 5).logDensity(square: Double(square), dimensions: 32)
    }
    expected -= try space.logVolume() + Double(3 * 20 * 24) * log(255)
    #expect(abs(found.nats - expected) < 1e-3 * abs(expected))
  }

  @Test func drawsArePlausibleAndOthersAreNot() throws {
    let low = try Synthetic.picture(height: 8, width: 8)
    let drawing = try drawing()
    let drawn = try (drawing(drawing.space(of: low), seed: 3, index: 0).clamped(0, 1) * 255).rounded() / 255
    let other = try Synthetic.picture(height: 32, width: 32, seed: 4)
    #expect(try score(drawn, low).nats > score(other, low).nats)
  }
}

struct StudentTailsTests {
  /// Over one dimension, by sums: the whole is 1, and so is the variance.
  @Test(arguments: [3, 5, 40]) func densityOfOneNumber(_ freedom: Int) {
    let tails = StudentTails(freedom: freedom)
    var (whole, variance) = (0.0, 0.0)
    let step = 0.01
    for x in stride(from: -400.0, through: 400, by: step) {
      let density = exp(tails.logDensity(square: x * x, dimensions: 1))
      whole += density * step
      variance += density * x * x * step
    }
    #expect(abs(whole - 1) < 1e-3)
    // With three degrees of freedom a hundredth of the variance is still further out.
    #expect(abs(variance - 1) < 2e-2)
  }

  @Test func drawsAreOfTheirDensity() throws {
    for freedom in [4, 9] {
      let drawn = try StudentTails(freedom: freedom).draw(
        BatchNoise(seed: 1, first: 0, count: 1), dimensions: 12, height: 60, width: 60, stream: "test")
      let squares = try drawn.squared().sum([1]).contiguous().floats().map(Double.init)
      let found = StudentTails(fitting: squares, dimensions: 12)
      #expect(abs(found.freedom - freedom) <= 1)
      let variance = try drawn.squared().mean().scalar()
      #expect(abs(variance - 1) < (freedom == 4 ? 0.3 : 0.1))
    }
  }
}

struct IntervalCoverageTests {
  /// 16 draws of a normal distribution hold 90 % of it nearly: their deviation is uncertain itself.
  @Test func normalDrawsHoldWhatTheySay() throws {
    let truth = try Tensor.noise([3, 60, 60], seed: 1)
    let draws = try Tensor.noise([IntervalCoverage.draws, 3, 60, 60], seed: 2)
    func distances(_ draws: Tensor) throws -> [Float] {
      let (mean, variance) = try IntervalCoverage.moments(draws)
      return try IntervalCoverage.distances(of: truth, mean: mean, variance: variance)
    }
    let honest = try distances(draws)
    #expect(abs(IntervalCoverage.coverage(honest) - 0.876) < 0.01)
    #expect(abs(IntervalCoverage.widening(honest) - 1.09) < 0.03)
    // Draws half as wide have to be made twice as wide.
    let narrow = try distances(draws * 0.5)
    #expect(IntervalCoverage.coverage(narrow) < 0.65)
    #expect(abs(IntervalCoverage.widening(narrow) / IntervalCoverage.widening(honest) - 2) < 0.1)
  }
}
