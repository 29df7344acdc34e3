import Families
import Testing
import Torch
import TorchNN

@testable import SuperResolutionTask

/// The packed trunk and the plain one give the same picture, in tiles and whole.
struct FusedUpscalerTests {
  private func model() throws -> SuperResolutionModel {
    let network = try SuperResolutionNetwork(.init(channels: 32, blocks: 3, scale: 2))
    for (index, entry) in network.namedParameters.enumerated() {
      entry.parameter.value = try noise(entry.parameter.value.shape, index) * 0.05
    }
    return SuperResolutionModel(network: network, loss: .absolute)
  }

  private func noise(_ shape: [Int], _ index: Int) throws -> Tensor {
    let noise = KeyedNoise(seed: 4, sample: UInt64(index), step: 0, stream: "test")
    return try Tensor(noise.normal(count: shape.reduce(1, *)), shape: shape)
  }

  private func picture(_ height: Int, _ width: Int) throws -> Tensor {
    try (noise([3, height, width], 77) * 0.2 + 0.5).clamped(0, 1)
  }

  @Test(arguments: [true, false], [(1, 1), (70, 30), (65, 131)])
  func tilesAreWhatTheWholePictureGives(_ fuses: Bool, _ size: (Int, Int)) throws {
    let model = try model()
    let picture = try picture(size.0, size.1)
    let whole = try Autograd.disabled { try model.network(picture.unsqueezed(0)).squeezed(0).clamped(0, 1) }
    for side in [16, 50, 384] {
      let tiled = try Upscaler(model: model, tileSide: side, workers: 2, fuses: fuses)(picture)
      #expect(tiled.shape == whole.shape)
      #expect(try (tiled - whole).abs().maximum().scalar() < 1e-5)
    }
  }

  @Test(arguments: [true, false]) func theNumberOfWorkersChangesNothing(_ fuses: Bool) throws {
    let model = try model()
    let picture = try picture(90, 140)
    let results = try [1, 2, 3].map {
      try Upscaler(model: model, tileSide: 40, workers: $0, fuses: fuses)(picture).floats()
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
