import Foundation
import Synchronization
import TestSupport
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// Tiles together give what one pass over the whole picture gives.
struct UpscalerTests {
  // base = F.interpolate(x, scale_factor=3, mode="bilinear"); base + F.pixel_shuffle(trunk(x - 0.45), 3)
  @Test func networkParity() throws {
    let golden = try Golden("network", .module)
    let network = try SuperResolutionNetwork(.init(channels: 6, blocks: 2, scale: 3))
    try network.load(golden.weights("weights"), name: "network.safetensors")
    #expect(try largestDifference(network(golden("x")), golden("y")) < 1e-5)
  }

  @Test(arguments: [2, 3], [[1, 1], [3, 200], [200, 3], [97, 131], [16, 17], [15, 64]])
  func tilesEqualOnePass(_ scale: Int, _ size: [Int]) throws {
    let model = try Synthetic.model(scale: scale)
    let picture = try Tensor.uniform([3] + size, seed: 3)
    let whole = try model.network(picture.unsqueezed(0)).squeezed(0).clamped(0, 1)
    for tileSide in [13, 16, 40] {
      let upscaler = try Upscaler(model: model, tileSide: tileSide, workers: 2)
      let tiled = try upscaler(picture)
      #expect(tiled.shape == [3, size[0] * scale, size[1] * scale])
      #expect(try largestDifference(tiled, whole) < 1e-5)
    }
  }

  /// The test above would not notice if the network saw one pixel only.
  @Test func marginsMatter() throws {
    let model = try Synthetic.model()
    let picture = try Tensor.uniform([3, 40, 40], seed: 3)
    let whole = try model.network(picture.unsqueezed(0)).squeezed(0)
    let half = try model.network(picture.narrow(2, start: 0, length: 20).contiguous().unsqueezed(0)).squeezed(
      0)
    #expect(try largestDifference(half, whole.narrow(2, start: 0, length: 40)) > 1e-3)
  }

  @Test(arguments: [[97, 131], [3, 200]]) func anyNumberOfWorkersGivesTheSameBytes(_ size: [Int]) throws {
    let model = try Synthetic.model()
    let picture = try Tensor.uniform([3] + size, seed: 4)
    let one = try Upscaler(model: model, tileSide: 24, workers: 1)(picture).bytes()
    for workers in [2, 3] {
      #expect(try Upscaler(model: model, tileSide: 24, workers: workers)(picture).bytes() == one)
    }
  }

  @Test func valuesAreClipped() throws {
    let model = try Synthetic.model()
    for (_, parameter) in model.network.namedParameters { try parameter.value.mul_(30) }
    let result = try Upscaler(model: model)(.uniform([3, 12, 12]))
    #expect(try result.minimum().scalar() == 0 && result.maximum().scalar() == 1)
  }

  @Test func everyTileIsCounted() throws {
    let upscaler = try Upscaler(model: Synthetic.model(), tileSide: 16, workers: 2)
    #expect(upscaler.tileCount(height: 40, width: 20) == 6)
    let seen = Mutex<[[Int]]>([])
    _ = try upscaler(.uniform([3, 40, 20])) { done, all in seen.withLock { $0.append([done, all]) } }
    #expect(seen.withLock { $0.sorted { $0[0] < $1[0] } } == (1...6).map { [$0, 6] })
  }

  @Test func stopping() throws {
    struct Stop: Error {}
    let upscaler = try Upscaler(model: Synthetic.model(), tileSide: 16, workers: 2)
    #expect(throws: Stop.self) {
      try upscaler(.uniform([3, 40, 20])) { done, _ in if done == 2 { throw Stop() } }
    }
  }

  @Test(arguments: [[4, 5, 5], [3, 5], [1, 3, 5, 5], [3, 0, 5]]) func otherShapesAreErrors(_ shape: [Int])
    throws
  {
    let upscaler = try Upscaler(model: Synthetic.model())
    let picture = try Tensor.zeros(shape)
    let error = try #require(throws: TensorError.self) { try upscaler(picture) }
    #expect(error.description == "a picture to enlarge has the shape [3, height, width], not \(shape)")
  }
}
