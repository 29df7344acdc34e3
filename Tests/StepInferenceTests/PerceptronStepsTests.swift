import CKernels
import StepInference
import TestSupport
import Testing
import Torch
import TorchNN

/// One vector at a time against the network on tensors: the slow, obvious reference.
struct PerceptronStepsTests {
  private func network(_ configuration: ResidualPerceptron.Configuration) throws -> ResidualPerceptron {
    let network = try ResidualPerceptron(configuration)
    for (index, parameter) in network.trainableParameters.enumerated() {
      let shape = parameter.value.shape
      // Halves, which are packed as such.
      parameter.value = try
        (Tensor.noise(shape, seed: UInt64(index)) * (0.7 / Double(shape.last ?? 1).squareRoot()))
        .to(.float16).to(.float32)
    }
    return network
  }

  @Test(arguments: [
    ResidualPerceptron.Configuration(
      inputs: 6, condition: 5, outputs: 7, width: 20, blocks: 2, embedding: 8, hasTime: true),
    .init(inputs: 0, condition: 39, outputs: 130, width: 64, blocks: 3, embedding: 18, hasTime: false),
    .init(inputs: 16, condition: 8, outputs: 16, width: 192, blocks: 4, embedding: 64, hasTime: true),
    .init(
      inputs: 15, condition: 5, outputs: 20, width: 32, blocks: 2, embedding: 8, hasTime: true, tokens: 5,
      heads: 1),
    .init(
      inputs: 32, condition: 18, outputs: 32, width: 96, blocks: 3, embedding: 64, hasTime: true, tokens: 16,
      heads: 2),
  ])
  func equalsTheNetwork(_ configuration: ResidualPerceptron.Configuration) throws {
    let network = try network(configuration)
    let weights = try HostWeights(
      Safetensors(tensors: network.storedWeights().reduce(into: [:]) { $0["actions.\($1.key)"] = $1.value }),
      name: "file")
    let condition = try Tensor.noise([2, configuration.condition], seed: 90)
    let x = configuration.inputs > 0 ? try Tensor.noise([2, configuration.inputs], seed: 91) : nil
    let time = configuration.hasTime ? try Tensor([-0.9, 0.7] as [Float], shape: [2]) : nil
    let expected = try network(x, time: time, condition: condition)
    #expect(try expected.abs().maximum().scalar() > 0.1)
    for instructions in StepInstructions.available {
      let steps = try PerceptronSteps(
        configuration, weights: weights, prefix: "actions.", instructions: instructions)
      for row in 0..<2 {
        let told = steps.told(try condition.select(0, row).floats())
        let moment = try time.map { steps.moment(try $0.floats()[row]) }
        let y = steps(try x?.select(0, row).floats() ?? [], told: told, moment: moment)
        let result = try Tensor(y, shape: [y.count])
        #expect(try largestDifference(result, expected.select(0, row)) < 2e-5, "\(instructions)")
      }
    }
    #expect(throws: TensorError.self) { try PerceptronSteps(configuration, weights: weights) }
  }

  @Test(arguments: StepInstructions.available) func activates(_ instructions: StepInstructions) throws {
    let values: [Float] = [-200, -88, -20, -1.5, -1e-3, 0, 1e-3, 0.5, 1, 3, 20, 87, 88, 200, 1e10, -1e10]
    var result = values
    let version: CKernelsStepVersion =
      switch instructions {
      case .portable: CKernelsStepPortable
      case .avx2: CKernelsStepAVX2
      case .avx512: CKernelsStepAVX512
      }
    ckernels_step_silu(version, &result, values.count)
    let expected = try Tensor(values, shape: [values.count]).to(.float64).silu().elements(Double.self)
    for (index, value) in values.enumerated() {
      #expect(abs(Double(result[index]) - expected[index]) <= 4e-7 * max(1, abs(expected[index])), "\(value)")
    }
  }
}
