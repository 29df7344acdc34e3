import TestSupport
import Testing
import Torch
import TorchNN

/// The decoder against PyTorch's; see Golden/make_causal_transformer_golden.py.
struct CausalTransformerTests {
  private let golden: Golden
  private let network: CausalTransformer

  init() throws {
    golden = try Golden("causal_transformer", .module)
    network = try CausalTransformer(
      .init(vocabulary: 11, outputs: 9, condition: 3, length: 12, width: 32, layers: 2, heads: 2, hidden: 48))
    try network.load(golden.weights("weights"), name: "golden")
  }

  @Test func scoresAndGradients() throws {
    let learned = [network.tokens, network.body[0].share1]
    for parameter in learned { try parameter.value.requiresGradient(true) }
    let scores = try network(golden("tokens"), global: golden("condition"))
    #expect(try largestDifference(scores.detached(), golden("scores")) < 1e-5)
    let gradients = try Autograd.gradients(of: scores.logSumExp(2).mean(), learned.map(\.value))
    #expect(try largestDifference(gradients[0], golden("tokens_gradient")) < 1e-6)
    #expect(try largestDifference(gradients[1], golden("share_gradient")) < 1e-6)
  }

  /// What comes later changes nothing before, and what is before does.
  @Test func seesNothingThatComesLater() throws {
    let tokens = try golden("tokens")
    var changed = try tokens.elements(Int64.self)
    changed[7] = (changed[7] + 1) % 11
    let condition = try golden("condition")
    let (a, b) = (
      try network(tokens, global: condition).detached(),
      try network(Tensor(changed, shape: tokens.shape), global: condition).detached()
    )
    func row(_ y: Tensor, _ range: Range<Int>) throws -> Tensor {
      try y.select(0, 0).narrow(0, start: range.lowerBound, length: range.count)
    }
    #expect(try largestDifference(row(a, 0..<7), row(b, 0..<7)) == 0)
    #expect(try largestDifference(row(a, 11..<12), row(b, 11..<12)) > 1e-3)
  }

  /// And heads that fill no vector are no network.
  @Test func longerThanItCanReadIsRefused() throws {
    #expect(throws: TensorError.self) {
      try network(.zeros([1, 13], .int64), global: golden("condition").narrow(0, start: 0, length: 1))
    }
    #expect(
      !CausalTransformer.Configuration(
        vocabulary: 11, outputs: 9, condition: 3, length: 12, width: 24, layers: 2, heads: 2, hidden: 48
      ).isPlausible)
  }
}
