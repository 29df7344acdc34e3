import Foundation
import MediaIO
import MediaTensors
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

struct DegradationTests {
  // imresize(picture, 1 / scale) of a uint8 picture: `degrade` of Golden/make_degradation_golden.py
  @Test(arguments: [2, 3, 4]) func parity(_ scale: Int) throws {
    let golden = try Golden("degradation", .module)
    let result = try Degradation.bicubic(golden("picture").to(.float32) / 255, scale: scale) * 255
    #expect(try largestDifference(result, golden("x\(scale)")) < 1e-4)
  }

  @Test func sizesAreRoundedUp() throws {
    #expect(try Degradation.bicubic(.zeros([3, 7, 8]), scale: 2).shape == [3, 4, 4])
    #expect(try Degradation.bicubic(.zeros([2, 3, 9, 10]), scale: 4).shape == [2, 3, 3, 3])
  }

  @Test func resultsAreGreyLevels() throws {
    let result = try Degradation.bicubic(.uniform([3, 20, 20]), scale: 2) * 255
    #expect(try largestDifference(result, result.rounded()) < 1e-4)
    #expect(try result.minimum().scalar() >= 0 && result.maximum().scalar() <= 255)
  }

  @Test(arguments: [2, 3, 4]) func everyGreyLevelStays(_ scale: Int) throws {
    let levels = try (Tensor.range(0, 256) / 255).reshaped([256, 1, 1]).repeatInterleave(9, axis: 1)
      .repeatInterleave(9, axis: 2)
    let result = try Degradation.bicubic(levels, scale: scale) * 255
    let side = result.shape[1]
    let expected = try Tensor.range(0, 256).reshaped([256, 1, 1]).repeatInterleave(side, axis: 1)
      .repeatInterleave(side, axis: 2)
    #expect(try largestDifference(result, expected) < 1e-4)
  }

  /// The pictures that MATLAB made: `SUPER_RESOLUTION_SETS` names a folder with `Set5/image_SRF_2/…_HR.png`.
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["SUPER_RESOLUTION_SETS"] != nil), arguments: [2, 3, 4])
  func benchmarkPictures(_ scale: Int) throws {
    let sets = URL(
      fileURLWithPath: try #require(ProcessInfo.processInfo.environment["SUPER_RESOLUTION_SETS"]))
    let folder = sets.appendingPathComponent("Set5/image_SRF_\(scale)")
    for index in 1...5 {
      let name = "img_00\(index)_SRF_\(scale)"
      let high = try Image(contentsOf: folder.appendingPathComponent("\(name)_HR.png")).tensor()
      let low = try Image(contentsOf: folder.appendingPathComponent("\(name)_LR.png")).tensor()
      #expect(high.shape == [3, low.shape[1] * scale, low.shape[2] * scale])
      let difference = try ((Degradation.bicubic(high, scale: scale) - low) * 255).abs().rounded()
      let largest = try difference.maximum().scalar()
      let share = try difference.clamped(0, 1).mean().scalar()
      print("\(name): largest difference \(largest), in \(share * 100) % of the samples")
      #expect(largest <= 1)
    }
  }
}
