import TestSupport
import Testing
import Torch
import TorchNN

/// Layers and backbones with PyTorch's weights, loaded by PyTorch's names, give what PyTorch gives.
struct LayerParityTests {
  let golden: Golden

  init() throws { golden = try Golden("layers", .module) }

  private func difference(_ name: String, _ module: some Module, _ forward: (Tensor) throws -> Tensor) throws
    -> Double
  {
    // Missing and unexpected names are errors, so this compares the names of the state_dict too.
    try module.load(golden.weights("\(name).weights"), name: "layers.safetensors")
    return try largestDifference(forward(golden("\(name).x")), golden("\(name).y"))
  }

  // nn.Conv2d(3, 5, 3, stride=2, padding=1)(x)
  @Test func convolution() throws {
    let layer = try Conv2d(3, 5, kernel: 3, stride: 2)
    #expect(try difference("conv", layer) { try layer($0) } < 1e-6)
  }

  // nn.Conv2d(3, 5, 5, padding=2, bias=False)(x)
  @Test func convolutionWithoutBias() throws {
    let layer = try Conv2d(3, 5, kernel: 5, hasBias: false)
    #expect(layer.namedParameters.map(\.name) == ["weight"])
    #expect(try difference("conv_no_bias", layer) { try layer($0) } < 1e-6)
  }

  // x + conv2(conv1(x).relu())
  @Test func residualBlock() throws {
    let block = try ResidualBlock(channels: 6)
    #expect(try difference("block", block) { try block($0) } < 1e-6)
  }

  // x = head(x); for block in body: x = block(x); nn.PixelShuffle(2)(tail(x))
  @Test func residualTrunk() throws {
    let trunk = try ResidualTrunk(.init(channels: 8, blocks: 2, scale: 2))
    #expect(try difference("trunk", trunk) { try trunk($0) } < 1e-5)
    #expect(
      trunk.namedParameters.map(\.name) == [
        "head.weight", "head.bias",
        "body.0.conv1.weight", "body.0.conv1.bias", "body.0.conv2.weight", "body.0.conv2.bias",
        "body.1.conv1.weight", "body.1.conv1.bias", "body.1.conv2.weight", "body.1.conv2.bias",
        "tail.weight", "tail.bias",
      ])
    #expect(trunk.parameterCount == 3 * 8 * 9 + 8 + 4 * (8 * 8 * 9 + 8) + 8 * 12 * 9 + 12)
  }

  /// bfloat16 keeps 8 bits of each factor: what a layer gives is right to about a hundredth of its size.
  @Test func bfloat16IsClose() throws {
    let trunk = try ResidualTrunk(.init(channels: 8, blocks: 2, scale: 2))
    _ = try difference("trunk", trunk) { try trunk($0) }
    trunk.setComputeType(.bfloat16)
    let result = try trunk(golden("trunk.x"))
    let truth = try golden("trunk.y")
    #expect(result.dtype == .float32)
    let distance = try largestDifference(result, truth)
    #expect(distance > 0)
    #expect(try distance < 0.02 * truth.abs().maximum().scalar())
    trunk.setComputeType(.float32)
    #expect(try largestDifference(trunk(golden("trunk.x")), truth) < 1e-5)
  }

  /// What one pixel changes ends `receptiveRadius` pixels away, and reaches so far.
  @Test func receptiveRadius() throws {
    let trunk = try ResidualTrunk(.init(channels: 8, blocks: 2, scale: 1))
    // Positive weights, so that nothing is cut off by the rectifiers.
    for (_, parameter) in trunk.namedParameters { parameter.value = try .full(parameter.value.shape, 0.1) }
    #expect(trunk.receptiveRadius == 6)
    let picture = try Tensor.zeros([1, 3, 1, 31])
    let dot = try picture.cloned()
    try dot.narrow(3, start: 15, length: 1).copy_(.full([1], 1))
    let change = try (trunk(dot) - trunk(picture)).abs().sum([0, 1, 2]).floats()
    #expect(change.indices.filter { change[$0] > 0 } == Array(15 - 6...15 + 6))
  }
}
