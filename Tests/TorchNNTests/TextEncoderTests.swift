import TestSupport
import Testing
import Torch
import TorchNN

/// The text encoder, and a UNet whose pixels attend to its words and to one another, against PyTorch's; see Golden/make_unet_golden.py.
struct TextEncoderTests {
  private let golden: Golden
  private let encoder: TextEncoder
  private let network: UNet

  init() throws {
    golden = try Golden("unet", .module)
    encoder = try TextEncoder(.init(vocabulary: 9, length: 6, width: 8, layers: 2, heads: 2))
    try encoder.load(golden.weights("encoder"), name: "encoder")
    network = try UNet(
      .init(
        pictureChannels: 1, patch: 2, channels: [4, 8], blocks: 2, embedding: 8, condition: 3, groups: 2,
        heads: 2, sequence: 8, selfAttendingLevels: 1, middleBlocks: 1, positions: [2, 3]))
    try network.load(golden.weights("captioned"), name: "captioned")
  }

  private func encoded() throws -> (sequence: Tensor, mean: Tensor) {
    try encoder(golden("tokens").to(.int64), mask: golden("mask"))
  }

  @Test func wordsKnowOneAnother() throws {
    let (sequence, mean) = try encoded()
    let shown = try sequence.detached() * golden("mask").unsqueezed(2)
    #expect(try largestDifference(shown, golden("sequence")) < 1e-5)
    #expect(try largestDifference(mean.detached(), golden("mean")) < 1e-5)
  }

  @Test func pixelsAttendToWords() throws {
    try encoder.words.value.requiresGradient(true)
    let text = (sequence: try encoded().sequence, mask: try golden("mask"))
    let y = try network(golden("x"), time: golden("time"), global: golden("condition"), text: text)
    #expect(try largestDifference(y.detached(), golden("captioned_y")) < 2e-5)
    let gradient = try Autograd.gradients(of: y.squared().mean(), [encoder.words.value])[0]
    #expect(try largestDifference(gradient, golden("words_gradient")) < 2e-5)
  }

  /// What is masked changes nothing.
  @Test func whatIsMaskedIsNotSeen() throws {
    let tokens = try golden("tokens").to(.int64).narrow(0, start: 1, length: 1)
    let mask = try golden("mask").narrow(0, start: 1, length: 1)
    let others = try Tensor([0, 2, 7, 4, 1] as [Int64], shape: [1, 5])
    let (a, b) = (try encoder(tokens, mask: mask), try encoder(others, mask: mask))
    #expect(try largestDifference(a.mean.detached(), b.mean.detached()) < 1e-6)
    let seen = { (sequence: Tensor) in try sequence.detached().narrow(1, start: 0, length: 2) }
    #expect(try largestDifference(seen(a.sequence), seen(b.sequence)) < 1e-6)
  }

  @Test func textIsWantedOrRefused() throws {
    #expect(throws: TensorError.self) {
      try network(golden("x"), time: golden("time"), global: golden("condition"))
    }
  }
}
