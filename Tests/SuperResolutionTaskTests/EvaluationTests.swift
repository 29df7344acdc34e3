import Foundation
import MediaTensors
import ModelEvaluation
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// PSNR and SSIM as papers give them.
struct EvaluationTests {
  private func pair(_ scale: Int, height: Int = 48, width: Int = 60) throws -> BenchmarkPair {
    let high = try Synthetic.picture(height: height, width: width)
    return BenchmarkPair(name: "waves", high: high, low: try Degradation.bicubic(high, scale: scale))
  }

  private func evaluation(_ scale: Int) throws -> SuperResolutionEvaluation {
    SuperResolutionEvaluation(scale: scale, judge: try Synthetic.judge())
  }

  @Test(arguments: [2, 3, 4]) func perfectUpscaler(_ scale: Int) throws {
    let pair = try pair(scale)
    let figures = try evaluation(scale)(pair.high, pair)
    #expect(figures.psnr == .infinity && figures.consistency == .infinity)
    #expect(abs(figures.ssim - 1) < 1e-9 && figures.distance == 0)
  }

  /// What smooths has no more than the low picture has, and looks different.
  @Test func smoothPicturesLookDifferent() throws {
    let pair = try pair(2)
    let smooth = try pair.low.resampledBicubic(height: 48, width: 60)
    let blurred = try pair.low.resampledBicubic(height: 12, width: 15).resampledBicubic(height: 48, width: 60)
    let (near, far) = (try evaluation(2)(smooth, pair), try evaluation(2)(blurred, pair))
    #expect(near.distance > 0 && near.distance < far.distance && far.distance <= 2)
    #expect(near.psnr > far.psnr && near.consistency > far.consistency)
  }

  /// PSNR of Y in 16…235, by hand: white against black is 219 levels.
  @Test func lumaDecides() throws {
    let (black, white) = (try Tensor.zeros([3, 20, 20]), try Tensor.full([3, 20, 20], 1))
    let (psnr, _) = try SuperResolutionEvaluation.compare(white, black, scale: 2)
    #expect(abs(psnr - 20 * log10(255.0 / 219)) < 1e-4)
  }

  @Test func bordersAndFractionsOfGreyLevelsDoNotCount() throws {
    let scale = 3
    let pair = try pair(scale)
    let other = try Tensor.zeros(pair.high.shape)
    let (rows, columns) = (48 - 2 * scale, 60 - 2 * scale)
    func inside(_ x: Tensor) throws -> Tensor {
      try x.narrow(1, start: scale, length: rows).narrow(2, start: scale, length: columns)
    }
    try inside(other).copy_(inside(pair.high) + 0.4 / 255)
    #expect(try SuperResolutionEvaluation.compare(other, pair.high, scale: scale).psnr == .infinity)
    // One pixel further in does.
    try other.narrow(1, start: scale, length: 1).narrow(2, start: scale, length: 1).copy_(.full([], 0))
    #expect(try SuperResolutionEvaluation.compare(other, pair.high, scale: scale).psnr < 80)
  }

  @Test func valuesOutsideAreClipped() throws {
    #expect(
      try SuperResolutionEvaluation.compare(.full([3, 20, 20], 3), .full([3, 20, 20], 1), scale: 2).psnr
        == .infinity)
  }

  @Test func largerPicturesAreCutAtTheRightAndBelow() throws {
    let pair = try pair(2)
    let larger = try pair.high.unsqueezed(0).padded([0, 2, 0, 1], .replicate).squeezed(0)
    #expect(try SuperResolutionEvaluation.compare(larger, pair.high, scale: 2).psnr == .infinity)
  }
}
