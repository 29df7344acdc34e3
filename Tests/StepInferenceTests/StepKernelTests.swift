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
}
