import TestSupport
import Testing
import Torch
import TorchNN

/// Against PyTorch's; see Golden/make_perceptron_golden.py.
struct ResidualPerceptronTests {
  @Test func equalsPyTorch() throws {
    let golden = try Golden("perceptron", .module)
    let network = try ResidualPerceptron(
      .init(inputs: 6, condition: 5, outputs: 7, width: 20, blocks: 2, embedding: 8, hasTime: true))
    try network.load(golden.weights("network"), name: "network")
    let first = network.blocks[0].linear1.weight.value
    try first.requiresGradient(true)
    let y = try network(golden("x"), time: golden("time"), condition: golden("condition"))
    #expect(try largestDifference(y.detached(), golden("y")) < 1e-5)
    let gradient = try Autograd.gradients(of: y.squared().mean(), [first])[0]
    #expect(try largestDifference(gradient, golden("gradient")) < 1e-5)
    #expect(throws: TensorError.self) {
      try network(nil, time: golden("time"), condition: golden("condition"))
    }
    #expect(throws: TensorError.self) { try network(golden("x"), time: nil, condition: golden("condition")) }
  }

  /// With tokens that attend to one another.
  @Test func equalsPyTorchsTransformer() throws {
    let golden = try Golden("perceptron", .module)
    let network = try ResidualPerceptron(
      .init(
        inputs: 15, condition: 5, outputs: 20, width: 32, blocks: 2, embedding: 8, hasTime: true, tokens: 5,
        heads: 2))
    try network.load(golden.weights("transformer"), name: "transformer")
    let attention = try #require(network.blocks[0].attention).qkv.weight.value
    try attention.requiresGradient(true)
    let y = try network(golden("transformer_x"), time: golden("time"), condition: golden("condition"))
    #expect(try largestDifference(y.detached(), golden("transformer_y")) < 1e-5)
    let gradient = try Autograd.gradients(of: y.squared().mean(), [attention])[0]
    #expect(try largestDifference(gradient, golden("transformer_gradient")) < 1e-5)
  }

  @Test func whatTokensCannotBe() {
    func isPlausible(_ inputs: Int, _ width: Int, tokens: Int?, heads: Int?) -> Bool {
      ResidualPerceptron.Configuration(
        inputs: inputs, condition: 2, outputs: inputs, width: width, blocks: 1, embedding: 8, hasTime: true,
        tokens: tokens, heads: heads
      ).isPlausible
    }
    #expect(isPlausible(12, 64, tokens: 4, heads: 2) && isPlausible(12, 20, tokens: nil, heads: nil))
    #expect(!isPlausible(12, 64, tokens: 5, heads: 2) && !isPlausible(12, 64, tokens: nil, heads: 2))
    #expect(!isPlausible(12, 48, tokens: 4, heads: 2) && !isPlausible(0, 64, tokens: 4, heads: 2))
    #expect(!isPlausible(12, 64, tokens: 0, heads: 2) && !isPlausible(12, 64, tokens: 4, heads: 0))
  }

  /// A file's weights are the same numbers with libtorch and without, as bytes, halves and floats.
  @Test func hostWeightsAreTheModulesWeights() throws {
    let configuration = ResidualPerceptron.Configuration(
      inputs: 3, condition: 80, outputs: 2, width: 96, blocks: 1, embedding: 64, hasTime: true)
    let network = try ResidualPerceptron(configuration)
    try network.initialize(seed: 4)
    for storage in [WeightStorage.int8, .half, nil] {
      for parameter in network.trainableParameters {
        parameter.value = try Tensor.noise(parameter.value.shape, seed: UInt64(parameter.value.count))
      }
      if let storage { try network.round(to: storage) }
      let file = try Safetensors(tensors: network.storedWeights())
      #expect((file.tensors.values.contains { $0.dtype == .int8 }) == (storage == .int8))
      let host = try HostWeights(file, name: "file")
      for (name, parameter) in network.namedParameters {
        #expect(try host(name, parameter.value.shape) == parameter.value.contiguous().floats(), "\(name)")
      }
      #expect(throws: TensorError.self) { try host("output.weight", [3, 96]) }
      #expect(throws: TensorError.self) { try host("another.weight", [3, 96]) }
    }
  }
}
