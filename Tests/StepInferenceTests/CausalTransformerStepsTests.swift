import CKernels
import StepInference
import TestSupport
import Testing
import Torch
import TorchNN

/// Token after token against the network on tensors: the slow, obvious reference.
struct CausalTransformerStepsTests {
  private static let configuration = CausalTransformer.Configuration(
    vocabulary: 11, outputs: 9, condition: 3, length: 40, width: 64, layers: 3, heads: 2, hidden: 96)
  private let network: CausalTransformer
  private let steps: CausalTransformerSteps
  private let tokens = KeyedNoise(seed: 1, sample: 0, step: 0).integers(below: 11, count: 40)

  init() throws {
    network = try CausalTransformer(Self.configuration)
    for (index, parameter) in network.trainableParameters.enumerated() {
      let shape = parameter.value.shape
      parameter.value = try Tensor.noise(shape, seed: UInt64(index)) / Double(shape.last ?? 1).squareRoot()
    }
    try network.round(to: .int8)
    steps = try CausalTransformerSteps(network)
  }

  @Test(arguments: StepInstructions.available) func equalsTheNetwork(_ instructions: StepInstructions) throws
  {
    let expected = try network(
      Tensor(tokens.map(Int64.init), shape: [1, 40]), global: .init([0, 1, 0] as [Float], shape: [1, 3]))
    #expect(try expected.abs().maximum().scalar() > 0.5)
    let stepper = CausalTransformerStepper(steps, global: [0, 1, 0], instructions: instructions)
    for (place, token) in tokens.enumerated() {
      stepper.read([token])
      let scores = try Tensor(Array(stepper.scores()[0]), shape: [9])
      #expect(try largestDifference(scores, expected.select(0, 0).select(0, place)) < 3e-5)
    }
    #expect(stepper.room == 0)
  }

  /// However many are read at a time, the bits are the same; so are those of what was gone back to, and begun anew.
  @Test func manyAtATimeGiveTheSameBits() {
    let one = CausalTransformerStepper(steps, global: [1, 0, 0])
    let expected = tokens.map { token -> [Float] in
      one.read([token])
      return Array(one.scores()[0])
    }
    let many = CausalTransformerStepper(steps, global: [1, 0, 0])
    var found: [[Float]] = []
    for range in [0..<7, 7..<8, 8..<30, 30..<40] {
      many.read(Array(tokens[range]))
      found += many.scores(last: range.count).map { Array($0) }
      if range.upperBound == 30 {
        let mark = many.mark
        many.read([3, 3, 3])
        many.rewind(to: mark)
      }
    }
    #expect(found == expected)
    many.restart()
    many.read(Array(tokens[..<5]))
    #expect(Array(many.scores()[0]) == expected[4])
  }

  @Test func weightsOfAnotherNetworkAreRefused() throws {
    var other = Self.configuration
    other.hidden = 128
    let weights = try HostWeights(Safetensors(tensors: network.storedWeights()), name: "file")
    #expect(throws: TensorError.self) { try CausalTransformerSteps(weights, other) }
  }

  @Test(arguments: StepInstructions.available) func normalizesAndSquares(_ instructions: StepInstructions)
    throws
  {
    let version: CKernelsStepVersion =
      switch instructions {
      case .portable: CKernelsStepPortable
      case .avx2: CKernelsStepAVX2
      case .avx512: CKernelsStepAVX512
      }
    let (x, weight, bias) = (
      try Tensor.noise([48], seed: 1) * 3 + 2, try Tensor.noise([48], seed: 2),
      try Tensor.noise([48], seed: 3)
    )
    let norm = try LayerNorm(48)
    (norm.weight.value, norm.bias.value) = (weight, bias)
    var out = [Float](repeating: 0, count: 48)
    ckernels_step_normalize(version, try x.floats(), try weight.floats(), try bias.floats(), 1e-5, &out, 48)
    #expect(try largestDifference(Tensor(out, shape: [48]), norm(x)) < 1e-5)
    var squares = try x.floats()
    ckernels_step_square_above_zero(version, &squares, 48)
    #expect(try squares == x.floats().map { max(0, $0) * max(0, $0) })
  }
}
