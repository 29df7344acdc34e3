import TestSupport
import Testing
import Torch
import TorchNN

/// The UNet against PyTorch's, output and gradient; see Golden/make_unet_golden.py.
struct UNetTests {
  private func network() throws -> UNet {
    try UNet(
      .init(
        pictureChannels: 1, patch: 2, channels: [4, 8], blocks: 2, embedding: 8, condition: 3, groups: 2,
        heads: 2))
  }

  @Test func parity() throws {
    let golden = try Golden("unet", .module)
    let network = try network()
    try network.load(golden.weights("unet"), name: "unet.safetensors")
    let weight = network.down[0].conv1.weight
    try weight.value.requiresGradient(true)
    let y = try network(golden("x"), time: golden("time"), global: golden("condition"))
    #expect(try largestDifference(y, golden("y")) < 2e-5)
    let gradient = try Autograd.gradients(of: y.squared().mean(), [weight.value])[0]
    #expect(try largestDifference(gradient, golden("gradient")) < 2e-5)
  }

  /// A fresh network says nothing, and so begins as the identity of whatever it is added to.
  @Test func freshNetworkIsZero() throws {
    let network = try network()
    try network.initialize(seed: 1)
    let y = try network(
      .noise([1, 1, 8, 8]), time: Tensor([0.3] as [Float], shape: [1]), global: .zeros([1, 3]))
    #expect(y.shape == [1, 1, 8, 8])
    #expect(try y.abs().maximum().scalar() == 0)
    #expect(network.hiddenWeights.count == 20)
  }
}
