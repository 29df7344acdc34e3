import Testing
import Torch

@testable import TorchNN

/// The fused UNet against the plain one: the slow, obvious reference.
@Suite struct FusedUNetTests {
  /// A network whose blocks do something; fresh ones are the identity.
  private func network(_ configuration: UNet.Configuration) throws -> UNet {
    let network = try UNet(configuration)
    for (index, entry) in network.namedParameters.enumerated() {
      let shape = entry.parameter.value.shape
      let fanIn = shape.dropFirst().reduce(1, *)
      // Norms begin at 1.
      let isNorm = entry.name.contains("norm") && entry.name.hasSuffix("weight")
      entry.parameter.value =
        try noise(shape, index) * (shape.count == 1 ? 0.2 : 1 / Double(fanIn).squareRoot())
        + (isNorm ? 1 : 0)
    }
    return network
  }

  private func noise(_ shape: [Int], _ index: Int) throws -> Tensor {
    let noise = KeyedNoise(seed: 3, sample: UInt64(index), step: 0, stream: "test")
    return try Tensor(noise.normal(count: shape.reduce(1, *)), shape: shape)
  }

  /// Of class i mod D, but the last, which is told nothing.
  private func labels(_ count: Int, _ classes: Int) throws -> Tensor {
    let rows = (0..<count).flatMap { row in
      (0..<classes).map { Float(row < count - 1 && $0 == row % classes ? 1 : 0) }
    }
    return try Tensor(rows, shape: [count, classes])
  }

  struct Case: Sendable {
    var channels: [Int]
    var blocks = 2
    var patch = 2
    var picture = 1
    var embedding = 8
    var condition = 10
    var groups = 4
    var heads = 2
    var height: Int
    var width: Int
    var count = 3
  }

  @Test(arguments: [
    Case(channels: [40, 64], embedding: 96, groups: 8, heads: 4, height: 28, width: 28),
    Case(channels: [40, 64], embedding: 96, groups: 8, heads: 4, height: 28, width: 28, count: 1),
    Case(channels: [8, 12], blocks: 1, height: 16, width: 20),
    Case(channels: [16, 16, 16], blocks: 1, height: 24, width: 40, count: 9),
    Case(channels: [12], blocks: 1, patch: 1, picture: 3, condition: 0, height: 7, width: 9),
    Case(channels: [20, 36, 100], patch: 1, picture: 2, condition: 3, height: 12, width: 4, count: 2),
    Case(channels: [4, 8], blocks: 3, patch: 1, groups: 1, heads: 1, height: 2, width: 2),
  ])
  func equalsThePlainNetwork(_ it: Case) throws {
    let plain = try network(
      .init(
        pictureChannels: it.picture, patch: it.patch, channels: it.channels, blocks: it.blocks,
        embedding: it.embedding, condition: it.condition, groups: it.groups, heads: it.heads))
    guard let fused = try FusedUNet(plain, height: it.height, width: it.width) else { return }
    let x = try noise([it.count, it.picture, it.height, it.width], 99)
    let time = try noise([it.count], 98)
    let global = try it.condition > 0 ? labels(it.count, it.condition) : nil
    let expected = try plain(x, time: time, global: global)
    let result = try fused(x, time: time, global: global)
    #expect(result.shape == expected.shape)
    let largest = try expected.abs().maximum().scalar()
    #expect(largest > 0.1)
    #expect(try (result - expected).abs().maximum().scalar() < 2e-5 * largest)
  }

  /// With a sequence to attend to, at the lowest level or at all, and with pixels that attend to one another there or
  /// not; some sequences are shorter, one is of its first element alone.
  @Test(arguments: [(1, 1, 10), (nil, nil, 5), (1, 2, 10)] as [(Int?, Int?, Int)], [nil, 2])
  func attendsToSequencesAsThePlainNetworkDoes(
    _ shape: (levels: Int?, own: Int?, longest: Int), _ middle: Int?
  )
    throws
  {
    let (levels, own, longest) = shape
    let plain = try network(
      .init(
        pictureChannels: 3, patch: 2, channels: [24, 40], blocks: 2, embedding: 16, condition: 12,
        sequence: 12, attendingLevels: levels, selfAttendingLevels: own, middleBlocks: middle,
        positions: middle.map { _ in [5, 3] }))
    #expect((plain.position == nil) == (middle == nil))
    #expect(plain.deeper.count == middle ?? 0 && plain.deeperAttention.count == middle ?? 0)
    #expect(plain.downAttention.count == 2 * (levels ?? 2) && plain.upAttention.count == 2 * (levels ?? 2))
    #expect(plain.downSelfAttention.count == 2 * (own ?? 0))
    guard let fused = try FusedUNet(plain, height: 20, width: 12) else { return }
    let lengths = [longest, 1, 3]
    let mask = try Tensor(
      lengths.flatMap { length in (0..<longest).map { Float($0 < length ? 1 : 0) } }, shape: [3, longest])
    let (x, time, global) = (try noise([3, 3, 20, 12], 1), try noise([3], 2), try noise([3, 12], 3))
    let text = (sequence: try noise([3, longest, 12], 4), mask: mask)
    let expected = try plain(x, time: time, global: global, text: text)
    let result = try fused(x, time: time, global: global, text: text)
    let largest = try expected.abs().maximum().scalar()
    #expect(try (result - expected).abs().maximum().scalar() < 2e-5 * largest)
    // It matters, and a picture is the same bytes beside any others.
    let other = try fused(x, time: time, global: global, text: (try noise([3, longest, 12], 5), mask))
    #expect(try (result - other).abs().maximum().scalar() > 0.01 * largest)
    func second(_ tensor: Tensor) throws -> Tensor { try tensor.narrow(0, start: 1, length: 1) }
    let alone = try fused(
      second(x), time: second(time), global: second(global), text: (second(text.sequence), second(mask)))
    #expect(try alone.floats() == second(result).floats())
    let gap = try Tensor((0..<3 * longest).map { Float($0 % longest == 1 ? 0 : 1) }, shape: [3, longest])
    #expect(throws: TensorError.self) { try fused(x, time: time, global: global, text: (text.sequence, gap)) }
    #expect(throws: TensorError.self) { try fused(x, time: time, global: global) }
  }

  private func small() throws -> (plain: UNet, fused: FusedUNet)? {
    let plain = try network(
      .init(pictureChannels: 1, patch: 2, channels: [24, 40], blocks: 2, embedding: 16, condition: 4))
    return try FusedUNet(plain, height: 20, width: 12).map { (plain, $0) }
  }

  @Test func aPictureIsTheSameBytesBesideAnyOthers() throws {
    guard let fused = try small()?.fused else { return }
    let (x, time, global) = (try noise([11, 1, 20, 12], 1), try noise([11], 2), try labels(11, 4))
    let whole = try fused(x, time: time, global: global)
    for rows in [0..<1, 1..<11, 7..<10, 10..<11] {
      func part(_ tensor: Tensor) throws -> Tensor {
        try tensor.narrow(0, start: rows.lowerBound, length: rows.count)
      }
      let alone = try fused(part(x), time: part(time), global: part(global))
      #expect(try alone.floats() == part(whole).floats())
    }
  }

  @Test func severalThreadsMayCallIt() throws {
    guard let fused = try small()?.fused else { return }
    let (x, time, global) = (try noise([8, 1, 20, 12], 1), try noise([8], 2), try labels(8, 4))
    let whole = try fused(x, time: time, global: global)
    let parts = try ChunkRunner(workers: 4).map(32) { index in
      try fused(
        x.narrow(0, start: index % 8, length: 1), time: time.narrow(0, start: index % 8, length: 1),
        global: global.narrow(0, start: index % 8, length: 1))
    }
    for (index, part) in parts.enumerated() {
      #expect(try part.select(0, 0).floats() == whole.select(0, index % 8).floats())
    }
  }

  @Test func leavesOtherComputeTypesToThePlainNetwork() throws {
    guard let plain = try small()?.plain else { return }
    plain.setComputeType(.bfloat16)
    #expect(try FusedUNet(plain, height: 20, width: 12) == nil)
  }

  @Test func refusesOtherPictures() throws {
    guard let fused = try small()?.fused else { return }
    let time = try Tensor.zeros([1])
    #expect(throws: TensorError.self) { try fused(.zeros([1, 1, 20, 14]), time: time, global: nil) }
    #expect(throws: TensorError.self) { try fused(.zeros([2, 1, 20, 12]), time: time, global: nil) }
    #expect(throws: TensorError.self) {
      try fused(.zeros([1, 1, 20, 12]), time: time, global: .zeros([1, 3]))
    }
  }
}
