import TestSupport
import Testing
import Torch
import TorchNN

/// Backbones with PyTorch's weights, loaded by PyTorch's names, give what PyTorch gives; see
/// Golden/make_backbones_golden.py.
struct BackboneParityTests {
  let golden: Golden

  init() throws { golden = try Golden("backbones", .module) }

  /// Missing and unexpected names are errors, so this compares the names of the state_dict too.
  private func load(_ name: String, _ module: some Module) throws {
    try module.load(golden.weights("\(name).weights"), name: "backbones.safetensors")
  }

  private func difference(_ found: Tensor, _ key: String) throws -> Double {
    try largestDifference(found, golden(key))
  }

  /// PyTorch's weights are not zero where they would look ahead, so this compares the masks too.
  @Test func causalConvolution() throws {
    let kinds: [(name: String, here: CausalConv2d.Here)] = [
      ("causal_nothing", .nothing), ("causal_everything", .everything), ("causal_groups", .earlierGroups(3)),
    ]
    for (name, here) in kinds {
      let layer = try CausalConv2d(6, 9, rows: 2, reach: 1, here: here)
      try load(name, layer)
      #expect(try difference(layer(golden("\(name).x")), "\(name).y") < 1e-5, "\(name)")
    }
  }

  @Test func causalPatchNetwork() throws {
    let network = try CausalPatchNetwork(
      .init(
        height: 4, width: 5, channels: 12, blocks: 2, rows: 1, reach: 2, head: 8, condition: 3, outputs: 9))
    try load("causal_patch", network)
    let x = try golden("causal_patch.x")
    #expect(try difference(PatchFeatures.of(x), "causal_patch.shown") < 1e-6)
    let weight = network.body[0].conv.weight
    try weight.value.requiresGradient(true)
    let y = try network(x, global: golden("causal_patch.condition"))
    #expect(try difference(y, "causal_patch.y") < 2e-5)
    // Zero where the kernel would look ahead.
    let gradient = try Autograd.gradients(of: y.squared().mean(), [weight.value])[0]
    #expect(try difference(gradient, "causal_patch.gradient") < 2e-5)
  }

  @Test func scaleNetwork() throws {
    let network = try ScaleNetwork(
      inputs: 16, channels: 12, blocks: 2, head: 8, height: 4, width: 5, condition: 3, outputs: 6)
    try load("scale", network)
    let features = try network.features(golden("scale.x"))
    #expect(try difference(features, "scale.features") < 2e-5)
    let y = try network.parameters(features, global: golden("scale.condition"))
    #expect(try difference(y, "scale.y") < 2e-5)
  }

  @Test func ladderNetwork() throws {
    let network = try LadderNetwork(
      .init(
        height: 8, width: 12, channels: 6, blocks: 2, coarseGroups: 2, coarseLatents: 3, fineGroups: 1,
        fineLatents: 2, condition: 3, outputs: 9))
    try load("ladder", network)
    let encoded = try network.encoded(golden("ladder.x"))
    #expect(try difference(encoded.coarse, "ladder.coarse") < 2e-5)
    #expect(try difference(encoded.fine, "ladder.fine") < 2e-5)
    let condition = try golden("ladder.condition")
    let begin = try network.begin(global: condition)
    #expect(try difference(begin, "ladder.begin") < 2e-5)
    let refined = try network.refined(begin, global: condition)
    #expect(try difference(refined, "ladder.refined") < 2e-5)
    #expect(try difference(network.decoded(refined), "ladder.decoded") < 2e-5)
  }

  /// The discriminator's gradient with respect to the picture is what the generator learns from.
  @Test func adversarialNetworks() throws {
    let networks = try AdversarialNetworks(
      .init(height: 8, width: 12, latents: 5, channels: 6, blocks: 2, condition: 3))
    try load("generator", networks.generator)
    let drawn = try networks.generator(golden("generator.x"), global: golden("generator.condition"))
    #expect(try difference(drawn, "generator.y") < 1e-5)
    try load("discriminator", networks.discriminator)
    let x = try golden("discriminator.x").requiresGradient(true)
    let scores = try networks.discriminator(x, global: golden("discriminator.condition"))
    #expect(try difference(scores, "discriminator.y") < 1e-5)
    let gradient = try Autograd.gradients(of: scores.sum(), [x])[0]
    #expect(try difference(gradient, "discriminator.gradient") < 1e-5)
  }

  @Test func convolutionalClassifier() throws {
    let network = try ConvolutionalClassifier(
      .init(pictureChannels: 1, channels: [4, 6, 8], blocks: 2, classes: 3))
    try load("classifier", network)
    let x = try golden("classifier.x")
    #expect(try difference(network.features(x), "classifier.features") < 1e-5)
    #expect(try difference(network(x), "classifier.y") < 1e-5)
  }
}
