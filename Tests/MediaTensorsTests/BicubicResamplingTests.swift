import TestSupport
import Testing
import Torch

@testable import MediaTensors

/// MATLAB's `imresize`, against dense matrices in numpy's float64.
struct BicubicResamplingTests {
  // imresize(picture, 1 / 2); imresize(picture, [31 40]); see Golden/make_resampling_golden.py
  @Test(arguments: [
    ("half", 12, 9, 1.0 / 2 as Double?), ("third", 8, 6, 1.0 / 3), ("quarter", 6, 5, 1.0 / 4),
    ("double", 46, 34, nil), ("triple", 69, 51, 3), ("shrunk", 13, 7, nil), ("enlarged", 31, 40, nil),
    ("dot", 1, 1, nil),
  ])
  func parity(_ name: String, _ height: Int, _ width: Int, _ scale: Double?) throws {
    let golden = try Golden("resampling", .module)
    let result = try golden("picture").resampledBicubic(height: height, width: width, scale: scale)
    #expect(result.dtype == .float32)
    #expect(try largestDifference(result, golden(name)) < 2e-6)
  }

  @Test func picturesSmallerThanTheKernel() throws {
    let golden = try Golden("resampling", .module)
    let corner = try golden("picture").narrow(1, start: 0, length: 2).narrow(2, start: 0, length: 1)
    #expect(try largestDifference(corner.resampledBicubic(height: 5, width: 7), golden("tiny")) < 2e-6)
  }

  /// The weights of every output add up to 1, so a constant picture stays what it is.
  @Test(arguments: [(1, 1), (1, 9), (9, 1), (7, 7), (10, 5), (10, 3), (10, 7), (7, 10), (64, 513)])
  func constantStaysConstant(_ inputs: Int, _ outputs: Int) throws {
    let resampled = try BicubicResampling(inputs: inputs, outputs: outputs)(.full([2, inputs], 1), axis: 1)
    #expect(resampled.shape == [2, outputs])
    #expect(try largestDifference(resampled, .full([2, outputs], 1)) < 5e-7)
  }

  @Test func identityAtScale1() throws {
    let x = try Tensor.uniform([3, 9, 14])
    #expect(try x.resampledBicubic(height: 9, width: 14).bytes() == x.bytes())
  }

  /// A straight line stays one, away from the repeated edges: Keys's kernel reproduces polynomials of degree 2.
  @Test func linesStayLines() throws {
    let resampled = try BicubicResampling(inputs: 40, outputs: 100)(.range(0, 40), axis: 0).elements(
      Float.self)
    for (index, value) in resampled.enumerated() where (10..<90).contains(index) {
      #expect(abs(value - ((Float(index) + 0.5) * 0.4 - 0.5)) < 1e-4)
    }
  }

  @Test func axesAreIndependent() throws {
    let x = try Tensor.uniform([5, 8, 11], seed: 3)
    let turned = try x.permuted([0, 2, 1]).resampledBicubic(height: 23, width: 4).permuted([0, 2, 1])
    #expect(try largestDifference(x.resampledBicubic(height: 4, width: 23), turned) < 1e-6)
  }

  @Test func edgesAreRepeated() {
    #expect((-2...4).map { BicubicResampling.clamped($0, 3) } == [0, 0, 0, 1, 2, 2, 2])
    #expect((-3...3).allSatisfy { BicubicResampling.clamped($0, 1) == 0 })
  }

  @Test func kernel() {
    #expect(BicubicResampling.kernel(0) == 1)
    #expect([1.0, -1, 2, -2, 3].allSatisfy { BicubicResampling.kernel($0) == 0 })
    #expect(BicubicResampling.kernel(0.5) == 0.5625 && BicubicResampling.kernel(-1.5) == -0.0625)
  }

  @Test func errors() throws {
    let x = try Tensor.zeros([3, 4, 4])
    let error = try #require(throws: TensorError.self) { try x.resampledBicubic(height: 0, width: 4) }
    #expect(error.description == "[3, 4, 4] cannot be resampled to 0×4")
    #expect(throws: TensorError.self) { try Tensor.zeros([4]).resampledBicubic(height: 2, width: 2) }
    #expect(throws: TensorError.self) { try Tensor.zeros([3, 0, 4]).resampledBicubic(height: 2, width: 2) }
  }
}
