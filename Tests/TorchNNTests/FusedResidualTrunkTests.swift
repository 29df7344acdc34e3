import Testing
import Torch

@testable import TorchNN

/// The fused trunk against the plain one: the slow, obvious reference.
@Suite struct FusedResidualTrunkTests {
  /// A trunk whose blocks do something; fresh ones are the identity.
  private func trunk(channels: Int, blocks: Int, scale: Int) throws -> ResidualTrunk {
    let trunk = try ResidualTrunk(.init(channels: channels, blocks: blocks, scale: scale))
    for (index, entry) in trunk.namedParameters.enumerated() {
      let shape = entry.parameter.value.shape
      let deviation = shape.count == 4 ? 0.7 / Double(shape[1] * 9).squareRoot() : 0.05
      entry.parameter.value = try picture(shape, index) * deviation
    }
    return trunk
  }

  /// Normal noise.
  private func picture(_ shape: [Int], _ index: Int) throws -> Tensor {
    let noise = KeyedNoise(seed: 3, sample: UInt64(index), step: 0, stream: "test")
    return try Tensor(noise.normal(count: shape.reduce(1, *)), shape: shape)
  }

  private func largestDifference(_ a: Tensor, _ b: Tensor) throws -> Double {
    #expect(a.shape == b.shape)
    return try (a - b).abs().maximum().scalar()
  }

  @Test(arguments: [
    (48, 11, 2, 61, 67), (32, 11, 2, 64, 128), (48, 2, 4, 33, 20), (32, 2, 4, 9, 9), (24, 1, 1, 10, 7),
    (64, 1, 3, 12, 101), (80, 0, 2, 6, 5), (16, 2, 2, 1, 1), (48, 1, 2, 2, 400),
  ])
  func equalsThePlainTrunk(_ channels: Int, _ blocks: Int, _ scale: Int, _ height: Int, _ width: Int) throws {
    let plain = try trunk(channels: channels, blocks: blocks, scale: scale)
    guard let fused = try FusedResidualTrunk(plain) else { return }
    let x = try picture([1, 3, height, width], 99) * 0.25
    let whole = try fused(x, rows: 0..<height, columns: 0..<width)
    #expect(try largestDifference(whole, plain(x)) < 1e-5)
  }

  @Test func aPartIsWhatTheWholeHasThere() throws {
    let plain = try trunk(channels: 48, blocks: 3, scale: 2)
    guard let fused = try FusedResidualTrunk(plain) else { return }
    let x = try picture([1, 3, 50, 70], 7) * 0.25
    let part = try fused(x, rows: 13..<31, columns: 0..<22)
    let whole = try plain(x).narrow(2, start: 26, length: 36).narrow(3, start: 0, length: 44)
    #expect(try largestDifference(part, whole) < 1e-5)
  }

  @Test func givesTheSameBytesEachTime() throws {
    guard let fused = try FusedResidualTrunk(trunk(channels: 32, blocks: 2, scale: 2)) else { return }
    let x = try picture([1, 3, 30, 30], 5)
    let first = try fused(x, rows: 3..<30, columns: 1..<29).floats()
    _ = try fused(x * 1000, rows: 0..<30, columns: 0..<30)
    #expect(try fused(x, rows: 3..<30, columns: 1..<29).floats() == first)
  }

  @Test func leavesOtherComputeTypesToThePlainTrunk() throws {
    let plain = try trunk(channels: 16, blocks: 1, scale: 2)
    plain.setComputeType(.bfloat16)
    #expect(try FusedResidualTrunk(plain) == nil)
  }

  @Test func refusesPartsThatAreNotThere() throws {
    guard let fused = try FusedResidualTrunk(trunk(channels: 16, blocks: 1, scale: 2)) else { return }
    let x = try picture([1, 3, 8, 8], 1)
    #expect(throws: TensorError.self) { try fused(x, rows: 0..<9, columns: 0..<8) }
    #expect(throws: TensorError.self) { try fused(x, rows: 3..<3, columns: 0..<8) }
  }
}
