import CKernels
import Foundation
import TestSupport
import Testing
import Torch

@testable import StepInference

/// The kernels against double precision, by every instruction set that this processor has.
struct StepKernelTests {
  @Test(arguments: StepInstructions.available) func gates(_ instructions: StepInstructions) {
    let a = (0..<1600).map { Float($0 - 800) / 40 }
    let b = (0..<1600).map { Float(($0 * 37) % 1600 - 800) / 9 }
    var out = [Float](repeating: 0, count: 1600)
    ckernels_step_gates(instructions.version, a, b, &out, 1600)
    for (index, value) in out.enumerated() {
      let exact = tanh(Double(a[index])) / (1 + exp(-Double(b[index])))
      #expect(abs(Double(value) - exact) < 3e-7)
    }
  }

  /// Sizes that fill no vector, and numbers of streams that fill no panel.
  @Test(arguments: StepInstructions.available, [(1, 1), (7, 5), (33, 130), (80, 16)])
  func products(_ instructions: StepInstructions, _ size: (Int, Int)) throws {
    let (inputs, outputs) = size
    let weight = try Tensor.noise([outputs, inputs], seed: 1)
    let bias = try Tensor.noise([outputs], seed: 2)
    let linear = try StepLinear(weight, bias: bias)
    let streams = 6
    let x = try Tensor.noise([streams, inputs], seed: 3)
    let expected = try x.to(.float64).linear(weight.to(.float64), bias: bias.to(.float64)).elements(
      Double.self)
    var y = [Float](repeating: 9, count: streams * linear.roundedOutputs)
    try linear.apply(
      x.floats(), stride: inputs, to: &y, stride: linear.roundedOutputs, streams: streams,
      instructions: instructions)
    for stream in 0..<streams {
      for output in 0..<outputs {
        let value = Double(y[stream * linear.roundedOutputs + output])
        #expect(abs(value - expected[stream * outputs + output]) < 2e-5)
      }
    }
  }

  /// Weights kept as halves give the bits of those kept as floats.
  @Test(arguments: StepInstructions.available, [(1, 1), (7, 5), (33, 130), (80, 16), (19, 250)])
  func halves(_ instructions: StepInstructions, _ size: (Int, Int)) throws {
    let (inputs, outputs) = size
    let weight = try Tensor.noise([outputs, inputs], seed: 1).to(.float16).to(.float32)
    let linear = try StepLinear(weight, bias: nil)
    #expect(linear.isHalf == (StepInstructions.best != .portable))
    let count = ckernels_step_packed_count(inputs, outputs)
    var floats = [Float](repeating: 0, count: count)
    ckernels_step_pack(try weight.floats(), inputs, outputs, &floats)
    var halves = [UInt16](repeating: 0, count: count)
    #expect(ckernels_step_pack_halves(try weight.floats(), inputs, outputs, &halves))
    let stride = linear.roundedOutputs
    for streams in [1, 4, 6] {
      let x = try Tensor.noise([streams, inputs], seed: 3).floats()
      var expected = [Float](repeating: 0.5, count: streams * stride)
      var found = expected
      ckernels_step_product(
        instructions.version, floats, inputs, outputs, x, inputs, &expected, stride, streams)
      ckernels_step_product_halves(
        instructions.version, halves, inputs, outputs, x, inputs, &found, stride, streams)
      #expect(found == expected)
    }
  }

  /// The smallest, the largest, those below the normal ones: each comes back.
  @Test(arguments: StepInstructions.available) func everyHalf(_ instructions: StepInstructions) throws {
    let all = (UInt16.min...UInt16.max).map { Float(Float16(bitPattern: $0)) }.filter(\.isFinite)
    var packed = [UInt16](repeating: 0, count: ckernels_step_packed_count(1, all.count))
    #expect(ckernels_step_pack_halves(all, 1, all.count, &packed))
    var found = [Float](repeating: 0, count: packed.count)
    ckernels_step_product_halves(instructions.version, packed, 1, all.count, [1], 1, &found, 0, 1)
    #expect(Array(found[..<all.count]) == all)
  }

  @Test(arguments: [0x1p-25, 0x1.8p-24, 1 + 0x1p-11, -2047.5, 65536, -.infinity, .nan] as [Float])
  func weightsThatAreNoHalvesStayFloats(_ value: Float) throws {
    #expect(try !StepLinear(Tensor([1, value], shape: [1, 2]), bias: nil).isHalf)
  }
}
