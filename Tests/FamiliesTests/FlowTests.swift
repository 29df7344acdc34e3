import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

/// Mixtures that bend smoothly with what is seen, and with the class.
private struct Waves: FlowBackbone {
  func features(scale: Int, seen: Tensor) throws -> Tensor {
    // The mean over all channels and places, and each place's own.
    try seen.to(.float64).sum([1], keepAxes: true) + seen.to(.float64).mean([1, 2, 3], keepAxes: true) * 3
  }

  func parameters(scale: Int, features: Tensor, global: Tensor) throws -> Tensor {
    let label = try global.to(.float64).narrow(1, start: 0, length: 1).reshaped([-1, 1, 1, 1])
    // Two components: logits, means, log scales, less what the layout gives them.
    let parts: [Tensor] = [
      try features.sine(), try features.cosine(), try (features * 0.7).sine() * 0.5 + 0.9 + label * 0.2,
      try (features * 1.3).cosine() * 0.4, try features.sine() * 0.3 + 5, try features.cosine() * 0.3 + 1.2,
    ]
    return try Tensor.cat(parts, axis: 1)
  }
}

struct FlowTests {
  private func family(_ height: Int, _ width: Int, squeezes: Int) throws -> FlowFamily {
    FlowFamily(
      sampleShape: [1, height, width],
      lattice: try ScaleLattice(height: height, width: width, squeezes: squeezes), backbone: Waves())
  }

  private func given(_ labels: [Int]) throws -> Conditioning {
    try ClassConditioner(classes: ["a", "b"])(labels)
  }

  /// Every pixel comes in exactly one turn, after all that it sees.
  @Test(arguments: [(28, 28, 2), (8, 4, 1), (8, 8, 3), (12, 20, 2)])
  func latticeCoversThePicture(_ height: Int, _ width: Int, _ squeezes: Int) throws {
    let lattice = try ScaleLattice(height: height, width: width, squeezes: squeezes)
    var count = 0.0
    for grid in lattice.grids {
      var before = try Tensor.zeros([grid.channels, grid.height, grid.width])
      if grid.channels == 4 {
        before = try Tensor.cat(
          [.full([1, grid.height, grid.width], 1), .zeros([3, grid.height, grid.width])], axis: 0)
      }
      for turn in grid.turns {
        #expect(try largestDifference(turn.seen, before) == 0)
        #expect(try (turn.seen * turn.now).sum().scalar() == 0)
        before = try before + turn.now
        count += try turn.now.sum().scalar()
      }
      #expect(try before.minimum().scalar() == 1)
    }
    #expect(count == Double(height * width))
  }

  @Test func roundTrip() throws {
    let family = try family(12, 8, squeezes: 2)
    let x = try Tensor.uniform([3, 1, 12, 8], seed: 4)
    let given = try given([0, 1, 1])
    let z = try family.invert(x, given: given)
    #expect(z.shape == [3, 96])
    #expect(try largestDifference(family.generate(z, given: given), x) < 2e-6)
  }

  /// log p(x) = log p(z) + log |det dz/dx|, with the Jacobian by differences and logistic noise.
  @Test func densityIsThatOfTheChangeOfVariables() throws {
    let family = try family(4, 4, squeezes: 1)
    let x = try (Tensor.uniform([1, 1, 4, 4], seed: 8) * 0.8 + 0.1).to(.float64)
    let given = try given([1])
    let step = 1e-5
    var columns: [Tensor] = []
    for pixel in 0..<16 {
      var unit = [Double](repeating: 0, count: 16)
      unit[pixel] = step
      let moved = try Tensor(unit, shape: [1, 1, 4, 4])
      let difference = try family.invert(x + moved, given: given) - family.invert(x - moved, given: given)
      columns.append(try difference.select(0, 0) / (2 * step))
    }
    let jacobian = try Tensor.stack(columns, axis: 1)
    // det JᵀJ = (det J)².
    let gram = try jacobian.permuted([1, 0]).matmul(jacobian)
    let logDeterminant = try gram.cholesky().diagonal().log().sum().scalar()
    let z = try family.invert(x, given: given).elements(Double.self)
    let base = z.reduce(0) { $0 - $1 - 2 * log1p(exp(-$1)) }
    let density = try family.logDensity(
      x, known: nil, given: given, noise: BatchNoise(seed: 0, first: 0, count: 1))
    #expect(density.kind == .exact)
    #expect(try abs(density.values.elements(Double.self)[0] - (base + logDeterminant)) < 1e-4)
  }

  @Test func allClassesAtOnceAreEachAlone() throws {
    let family = try family(4, 8, squeezes: 1)
    let x = try Tensor.uniform([3, 1, 4, 8], seed: 1)
    let noise = BatchNoise(seed: 0, first: 0, count: 3)
    let together = try family.classLogDensities(x, known: nil, classes: 2, noise: noise)
    for label in 0..<2 {
      let alone = try family.logDensity(
        x, known: nil, given: given([label, label, label]), noise: noise
      ).values
      #expect(try largestDifference(together.select(1, label), alone) < 1e-9)
    }
    #expect(try largestDifference(together.select(1, 0), together.select(1, 1)) > 0.1)
  }

  /// The density of draws is −∫ p log p; both by the same family, so a wrong inverse would show.
  @Test func drawsAreAsProbableAsTheyShouldBe() throws {
    let family = try family(4, 4, squeezes: 1)
    let count = 400
    let given = try given([Int](repeating: 0, count: count))
    let noise = BatchNoise(seed: 3, first: 0, count: count)
    let x = try family.sample(given: given, noise: noise)
    let z = try family.invert(x, given: given)
    // Logistic noise has the mean 0 and the variance π²/3.
    #expect(try abs(z.mean().scalar()) < 0.06)
    #expect(try abs(z.squared().mean().scalar() / (Double.pi * .pi / 3) - 1) < 0.06)
  }
}
