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

  @Test(arguments: [2, 3, 4]) func perfectUpscaler(_ scale: Int) throws {
    let pair = try pair(scale)
    let figures = try SuperResolutionEvaluation(scale: scale)([pair], upscale: { _ in pair.high })
    #expect(figures.map(\.name) == ["waves"])
    #expect(figures[0].psnr == .infinity)
    #expect(abs(figures[0].ssim - 1) < 1e-9)
    #expect(figures[0].bicubicPSNR > 15 && figures[0].bicubicPSNR < 60)
  }

  @Test(arguments: [2, 3]) func bicubicEqualsItsOwnColumn(_ scale: Int) throws {
    let figures = try SuperResolutionEvaluation(scale: scale)([pair(scale)]) { low in
      try low.resampledBicubic(height: low.shape[1] * scale, width: low.shape[2] * scale)
    }
    #expect(figures[0].psnr == figures[0].bicubicPSNR && figures[0].ssim == figures[0].bicubicSSIM)
  }

  /// PSNR of Y in 16…235, by hand: white against black is 219 levels.
  @Test func lumaDecides() throws {
    let evaluation = SuperResolutionEvaluation(scale: 2)
    let (black, white) = (try Tensor.zeros([3, 20, 20]), try Tensor.full([3, 20, 20], 1))
    let (psnr, _) = try evaluation.compare(white, black)
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
    let evaluation = SuperResolutionEvaluation(scale: scale)
    #expect(try evaluation.compare(other, pair.high).psnr == .infinity)
    // One pixel further in does.
    try other.narrow(1, start: scale, length: 1).narrow(2, start: scale, length: 1).copy_(.full([], 0))
    #expect(try evaluation.compare(other, pair.high).psnr < 80)
  }

  @Test func valuesOutsideAreClipped() throws {
    let evaluation = SuperResolutionEvaluation(scale: 2)
    #expect(try evaluation.compare(.full([3, 20, 20], 3), .full([3, 20, 20], 1)).psnr == .infinity)
  }

  @Test func largerPicturesAreCutAtTheRightAndBelow() throws {
    let pair = try pair(2)
    let larger = try pair.high.unsqueezed(0).padded([0, 2, 0, 1], .replicate).squeezed(0)
    #expect(try SuperResolutionEvaluation(scale: 2).compare(larger, pair.high).psnr == .infinity)
  }

  @Test func means() throws {
    let pairs = [try pair(2), try pair(2, height: 36, width: 30)]
    var seen: [String] = []
    let figures = try SuperResolutionEvaluation(scale: 2)(
      pairs,
      upscale: {
        try $0.unsqueezed(0).resizedBilinear(height: $0.shape[1] * 2, width: $0.shape[2] * 2).squeezed(0)
      },
      afterEach: { seen.append($0.name) })
    #expect(seen.count == 2)
    let mean = SuperResolutionEvaluation.mean(figures, name: "mean")
    #expect(mean.name == "mean")
    #expect(mean.psnr == (figures[0].psnr + figures[1].psnr) / 2)
    #expect(mean.bicubicSSIM == (figures[0].bicubicSSIM + figures[1].bicubicSSIM) / 2)
    // Linear interpolation is the worse one of waves.
    #expect(mean.psnr < mean.bicubicPSNR)
  }
}
