import TestSupport
import Testing
import Torch
import TorchNN

/// Against PyTorch's `Conv1d`s (see Golden/make_dilated_golden.py), and what may look at what.
struct DilatedCausalNetworkTests {
  private let golden: Golden
  private let network: DilatedCausalNetwork

  init() throws {
    golden = try Golden("dilated", .module)
    network = try DilatedCausalNetwork(
      .init(
        levels: 12, channels: 16, dilations: [1, 2, 4, 1, 2], skip: 32, features: 5, condition: 6, hop: 4))
    // Missing and unexpected names are errors, so this compares the names of the state_dict too.
    try network.load(golden.weights("dilated.weights"), name: "dilated.safetensors")
  }

  private func previous() throws -> Tensor { try golden("dilated.previous").to(.int64) }

  @Test func scoresAndGradients() throws {
    let features = try golden("dilated.features")
    let weights = [network.body[1].conv.weight, network.embedding]
    for weight in weights { try weight.value.requiresGradient(true) }
    let y = try network(previous(), features: features)
    #expect(try largestDifference(y.detached(), golden("dilated.y")) < 1e-5)
    let gradients = try Autograd.gradients(of: y.squared().mean(), weights.map(\.value))
    #expect(try largestDifference(gradients[0], golden("dilated.gradient")) < 1e-5)
    #expect(try largestDifference(gradients[1], golden("dilated.embedding_gradient")) < 1e-5)
  }

  @Test func summaryIsTheMeanOfTheLastLayersInput() throws {
    let found = try network.summary(previous(), features: golden("dilated.features")).detached()
    #expect(try largestDifference(found, golden("dilated.summary")) < 1e-5)
  }

  /// By how much the scores of each time move when the level shown at `place` is another one.
  private func movement(_ place: Int) throws -> [Double] {
    let features = try golden("dilated.features").narrow(0, start: 0, length: 1)
    var levels = try previous().select(0, 0).floats()
    func scores() throws -> Tensor {
      try Autograd.disabled {
        try network(Tensor(levels, shape: [1, levels.count]).to(.int64), features: features)
      }
    }
    let before = try scores()
    levels[place] = Float((Int(levels[place]) + 5) % 12)
    let after = try scores()
    return try (0..<levels.count).map { time in
      try largestDifference(before.select(1, time), after.select(1, time))
    }
  }

  /// What is shown at a time is the level before it, so it may change what is said of that time.
  @Test func whatComesLaterChangesNothing() throws {
    for place in 0..<12 {
      let moved = try movement(place)
      #expect(moved[..<place].allSatisfy { $0 == 0 }, "\(place): \(moved)")
      #expect(moved[place] > 1e-6, "\(place): \(moved)")
    }
  }

  @Test func reachIsExact() throws {
    let reach = network.configuration.reach
    #expect(reach == 11)
    // Of the last time, 11, the levels shown at 1…11 are the 11 samples before it.
    #expect(try movement(11 - reach)[11] == 0)
    #expect(try movement(12 - reach)[11] > 0)
  }

  /// A frame's features reach its own samples and later ones.
  @Test func featuresAreHeardInTheirFrame() throws {
    let features = try golden("dilated.features")
    var values = try features.floats()
    for index in 0..<5 { values[5 + index] += 1 }
    let other = try Tensor(values, shape: [2, 3, 5])
    let moved = try Autograd.disabled {
      try (network(previous(), features: features) - network(previous(), features: other)).abs()
    }
    #expect(try moved.narrow(1, start: 0, length: 4).maximum().scalar() == 0)
    #expect(try moved.select(1, 4).maximum().scalar() > 1e-6)
    // The other sound of the batch was told nothing else.
    #expect(try moved.select(0, 1).maximum().scalar() == 0)
  }

  @Test func hiddenWeightsAreMatrices() {
    #expect(network.hiddenWeights.count == 2 * 5 + 2)
    #expect(network.hiddenWeights.allSatisfy { $0.value.rank == 2 })
  }
}
