import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

struct InitializationTests {
  private func bytes(_ module: some Module) throws -> [Data] {
    try module.namedParameters.map { try $0.parameter.value.bytes() }
  }

  @Test func sameSeedSameBytes() throws {
    let configuration = ResidualTrunk.Configuration(channels: 8, blocks: 2, scale: 2)
    let (a, b) = (try ResidualTrunk(configuration), try ResidualTrunk(configuration))
    try a.initialize(seed: 3)
    try b.initialize(seed: 3)
    #expect(try bytes(a) == bytes(b))
    // Filled again, with whatever there was before.
    try b.initialize(seed: 4)
    #expect(try a.head.weight.value.bytes() != b.head.weight.value.bytes())
    try b.initialize(seed: 3)
    #expect(try bytes(a) == bytes(b))
    // Layers of one shape differ from each other.
    #expect(try a.body[0].conv1.weight.value.bytes() != a.body[1].conv1.weight.value.bytes())
  }

  private func moments(_ x: Tensor) throws -> (mean: Double, deviation: Double, largest: Double) {
    let mean = try x.mean().scalar()
    return (mean, try (x - mean).squared().mean().scalar().squareRoot(), try x.abs().maximum().scalar())
  }

  // nn.Conv2d's default: uniform within ±1/√(in · h · w), weight and bias.
  @Test func uniform() throws {
    let layer = try Conv2d(16, 64, kernel: 3)
    try layer.initialize(seed: 1)
    let bound = 1 / Double(16 * 9).squareRoot()
    let weight = try moments(layer.weight.value)
    #expect(abs(weight.mean) < 0.02 * bound)
    #expect(abs(weight.deviation / (bound / 3.0.squareRoot()) - 1) < 0.02)
    #expect(weight.largest <= bound && weight.largest > 0.99 * bound)
    #expect(try moments(layer.bias!.value).largest <= bound)
  }

  // nn.init.kaiming_normal_(weight, nonlinearity="relu"), times the gain; the bias zero.
  @Test(arguments: [1, 0.1]) func normal(_ gain: Double) throws {
    let layer = try Conv2d(16, 64, kernel: 3, initialization: .normal(gain: gain))
    try layer.initialize(seed: 1)
    let deviation = gain * (2 / Double(16 * 9)).squareRoot()
    let weight = try moments(layer.weight.value)
    #expect(abs(weight.mean) < 0.03 * deviation)
    #expect(abs(weight.deviation / deviation - 1) < 0.02)
    #expect(try layer.bias!.value.floats().allSatisfy { $0 == 0 })
  }

  @Test func residualBlocksBeginAsIdentity() throws {
    let block = try ResidualBlock(channels: 4)
    try block.initialize(seed: 1)
    let x = try Tensor.noise([1, 4, 6, 5])
    #expect(try block(x).bytes() == x.bytes())
  }

  @Test func keyedByTheSeedAlone() throws {
    let (a, b) = (try Conv2d(3, 4, kernel: 3), try Conv2d(3, 4, kernel: 3))
    try a.initialize(seed: 9)
    _ = try Tensor.noise([100])
    try b.initialize(seed: 9)
    #expect(try bytes(a) == bytes(b))
  }
}
