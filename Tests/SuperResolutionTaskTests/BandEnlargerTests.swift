import Foundation
import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Bands of a picture, one after another, are what the whole picture gives at once.
struct BandEnlargerTests {
  private func enlarged(
    _ image: Image, scale: Double, compares: Bool, averages: Bool = false, bandPixels: Int
  ) throws -> (
    samples: Image.Samples, bands: Int
  ) {
    let two = try Synthetic.model(channels: 5, blocks: 1, scale: 2)
    let three = try Synthetic.model(channels: 4, blocks: 1, scale: 3, seed: 2)
    let plan = ScalePlan(scale: scale, available: [2, 3])
    let enlarger = BandEnlarger(
      passes: try plan.factors.map { try Upscaler(model: $0 == 2 ? two : three, workers: 2) }, plan: plan,
      averagesSymmetries: averages, compares: compares, bandPixels: bandPixels)
    let bands = enlarger.bands(height: image.height, width: image.width, hasAlpha: image.channels.hasAlpha)
    var samples: Image.Samples = .uint16([])
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

  /// 16 bits, so that a margin that is a row short would show.
  @Test(arguments: [2, 3, 6, 1.1, 1.5, 2.7, 5], [Image.Channels.rgb, .greyAlpha])
  func bandsAreTheWhole(_ scale: Double, _ channels: Image.Channels) throws {
    let (height, width) = (150, 23)
    let source = values(try Image(Synthetic.picture(height: height, width: width), bitDepth: 16).samples)
    let samples = (0..<height * width * channels.count).map { index in
      // Some of it is fully transparent.
      channels.hasAlpha && index % 2 == 1 && (index / 90) % 3 == 0
        ? 0 : UInt16(source[index * 7 % source.count])
    }
    let image = Image(width: width, height: height, channels: channels, samples: .uint16(samples))
    for (compares, averages) in [(false, false), (true, false), (false, true)] {
      let whole = try enlarged(
        image, scale: scale, compares: compares, averages: averages, bandPixels: 1_000_000)
      let parts = try enlarged(
        image, scale: scale, compares: compares, averages: averages, bandPixels: 32 * width)
      #expect(whole.bands == 1 && parts.bands > 3)
      let apart = zip(values(whole.samples), values(parts.samples)).map { abs($0 - $1) }.max()
      #expect(try #require(apart) <= 3)
    }
  }

  /// What comes out of a band is about the same at any scale.
  @Test func bandsShrinkAsTheScaleGrows() throws {
    let two = try Synthetic.model(channels: 4, blocks: 1, scale: 2)
    for passes in 1...4 {
      let plan = ScalePlan(scale: pow(2, Double(passes)), available: [2])
      let enlarger = BandEnlarger(
        passes: try (0..<passes).map { _ in try Upscaler(model: two) }, plan: plan,
        averagesSymmetries: false, compares: false)
      let bands = enlarger.bands(height: 4000, width: 4000, hasAlpha: false)
      let most = bands.map { $0.rows.count * 4000 * plan.product }.max()
      #expect(try #require(most) <= 13_000_000)
    }
  }
}
