import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Bands of a picture, one after another, are what the whole picture gives at once.
struct BandEnlargerTests {
  private func enlarged(_ image: Image, scale: Double, compares: Bool, bandPixels: Int) throws -> (
    samples: Image.Samples, bands: Int
  ) {
    let two = try Synthetic.model(channels: 5, blocks: 1, scale: 2)
    let three = try Synthetic.model(channels: 4, blocks: 1, scale: 3, seed: 2)
    let plan = ScalePlan(scale: scale, available: [2, 3])
    let enlarger = try BandEnlarger(
      models: plan.factors.map { $0 == 2 ? two : three }, plan: plan, averagesSymmetries: false,
      compares: compares, workers: 2, device: .cpu, bandPixels: bandPixels)
    let bands = enlarger.bands(height: image.height, width: image.width, hasAlpha: image.channels.hasAlpha)
    var samples: Image.Samples = .uint8([])
    for band in bands { samples.append(try enlarger(image.rows(band.read), band) {}) }
    let size = enlarger.size(height: image.height, width: image.width)
    #expect(values(samples).count == size.height * size.width * image.channels.count)
    #expect(bands.map(\.rows.count).reduce(0, +) == size.height)
    return (samples, bands.count)
  }

  private func values(_ samples: Image.Samples) -> [Int] {
    switch samples {
    case .uint8(let values): values.map(Int.init)
    case .uint16(let values): values.map(Int.init)
    }
  }

  @Test(arguments: [2, 3, 6, 1.1, 1.5, 2.7, 5], [Image.Channels.rgb, .greyAlpha])
  func bandsAreTheWhole(_ scale: Double, _ channels: Image.Channels) throws {
    let (height, width) = (150, 23)
    let source = values(try Image(Synthetic.picture(height: height, width: width), bitDepth: 8).samples)
    let samples = (0..<height * width * channels.count).map { index in
      // Some of it is fully transparent.
      channels.hasAlpha && index % 2 == 1 && (index / 90) % 3 == 0
        ? 0 : UInt8(source[index * 7 % source.count])
    }
    let image = Image(width: width, height: height, channels: channels, samples: .uint8(samples))
    for compares in [false, true] {
      let whole = try enlarged(image, scale: scale, compares: compares, bandPixels: 1_000_000)
      let parts = try enlarged(image, scale: scale, compares: compares, bandPixels: 32 * width)
      #expect(whole.bands == 1 && parts.bands > 3)
      let apart = zip(values(whole.samples), values(parts.samples)).map { abs($0 - $1) }.max()
      #expect(try #require(apart) <= 1)
    }
  }
}
