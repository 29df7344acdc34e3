import Foundation
import ModelEvaluation
import TestSupport
import Testing
import Torch

/// PSNR and SSIM, by their definitions; `Golden/make_metrics_golden.py` takes one window at a time.
struct MetricsTests {
  @Test func peakSignalToNoiseClosedForms() throws {
    let black = try Tensor.zeros([8, 9])
    // One grey level of 255 everywhere: 20 · log₁₀ 255.
    #expect(try abs(peakSignalToNoise(black, .full([8, 9], 1), peak: 255) - 48.1308036) < 1e-6)
    #expect(try abs(peakSignalToNoise(black, .full([8, 9], 1), peak: 1)) < 1e-9)
    #expect(try abs(peakSignalToNoise(black, .full([8, 9], 0.1), peak: 1) - 20) < 1e-6)
    #expect(try peakSignalToNoise(black, black, peak: 255) == .infinity)
  }

  // 10 * np.log10(255**2 / np.mean((smooth - noisy) ** 2))
  @Test func peakSignalToNoiseOfNoise() throws {
    let golden = try Golden("metrics", .module)
    let (a, b) = (try golden("smooth"), try golden("noisy"))
    #expect(try abs(peakSignalToNoise(a, b, peak: 255) - golden("psnr").scalar()) < 1e-9)
    #expect(try peakSignalToNoise(a, b, peak: 255) == peakSignalToNoise(b, a, peak: 255))
  }

  // `ssim` of Golden/make_metrics_golden.py
  @Test func structuralSimilarityOfNoise() throws {
    let golden = try Golden("metrics", .module)
    let (a, b) = (try golden("smooth"), try golden("noisy"))
    let value = try structuralSimilarity(a, b, peak: 255)
    #expect(try abs(value - golden("ssim").scalar()) < 1e-8)
    #expect(try abs(value - structuralSimilarity(b, a, peak: 255)) < 1e-12)
    #expect(try abs(structuralSimilarity(a / 255, b / 255, peak: 1) - golden("ssim_unit").scalar()) < 1e-8)
    let (p, q) = (try corner(a), try corner(b))
    #expect(try abs(structuralSimilarity(p, q, peak: 255) - golden("ssim_smallest").scalar()) < 1e-8)
  }

  private func corner(_ x: Tensor) throws -> Tensor {
    try x.narrow(0, start: 0, length: 11).narrow(1, start: 0, length: 11)
  }

  @Test func equalPictures() throws {
    for picture in [try Tensor.uniform([20, 15]), try .zeros([11, 11]), try .full([12, 30], 200)] {
      #expect(try abs(structuralSimilarity(picture, picture, peak: 255) - 1) < 1e-9)
    }
  }

  /// Of two flat pictures only the means are compared: (2·a·b + c₁) / (a² + b² + c₁).
  @Test func flatPictures() throws {
    let value = try structuralSimilarity(.full([11, 11], 100), .full([11, 11], 150), peak: 255)
    let c1: Double = 2.55 * 2.55
    let expected: Double = (30_000 + c1) / (32_500 + c1)
    #expect(abs(value - expected) < 1e-9)
  }

  @Test func errors() throws {
    let (a, b) = (try Tensor.zeros([11, 12]), try Tensor.zeros([12, 11]))
    var error = try #require(throws: TensorError.self) { try peakSignalToNoise(a, b, peak: 1) }
    #expect(error.description == "PSNR of [11, 12] and [12, 11], which differ in shape")
    error = try #require(throws: TensorError.self) { try structuralSimilarity(a, b, peak: 1) }
    #expect(
      error.description == "SSIM wants two pictures [H, W] of at least 11×11, not [11, 12] and [12, 11]")
    let small = try Tensor.zeros([10, 40])
    #expect(throws: TensorError.self) { try structuralSimilarity(small, small, peak: 1) }
    let planes = try Tensor.zeros([3, 20, 20])
    #expect(throws: TensorError.self) { try structuralSimilarity(planes, planes, peak: 1) }
  }
}

/// Figures of ranks.
struct RankStatisticsTests {
  @Test func areaUnderROC() {
    #expect(ModelEvaluation.areaUnderROC(positives: [3, 4], negatives: [1, 2]) == 1)
    #expect(ModelEvaluation.areaUnderROC(positives: [1], negatives: [1, 1]) == 0.5)
    #expect(ModelEvaluation.areaUnderROC(positives: [1, 3], negatives: [2, 4]) == 0.25)
    // Every pair counted.
    let (p, n) = ([0.3, 0.1, 0.9, 0.4, 0.4], [0.2, 0.4, 0.8])
    let pairs = p.flatMap { a in n.map { b in a > b ? 1.0 : a == b ? 0.5 : 0 } }
    #expect(
      abs(ModelEvaluation.areaUnderROC(positives: p, negatives: n) - pairs.reduce(0, +) / 15) < 1e-12)
  }

  @Test func meansAndErrors() {
    let (mean, error) = meanWithError([1, 2, 3, 4])
    #expect(mean == 2.5)
    #expect(abs(error - (5.0 / 3 / 4).squareRoot()) < 1e-12)
  }

  /// As many held-out values are rejected as was asked for, and everything far away.
  @Test func typicality() {
    let values = (0..<5000).map { sin(Double($0) * 0.7) * Double($0 % 13) }
    let typicality = Typicality(heldOut: values)
    for rate in [0.01, 0.05, 0.2] {
      let rejected = Double(values.count { typicality($0) < rate }) / 5000
      #expect(abs(rejected - rate) < 0.01)
    }
    // Only to save little is strange.
    #expect(typicality(1000) == 1 && typicality(-1000) < 0.003 && typicality(.nan) == 0)
    #expect(abs(typicality(values.sorted()[2500]) - 0.5) < 0.05)
  }
}
