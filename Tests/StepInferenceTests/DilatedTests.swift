import TestSupport
import Testing
import Torch
import TorchNN

@testable import StepInference

/// Sample after sample against the whole sound at once.
struct DilatedTests {
  /// Levels that fill no whole vector, panels of every width, and a dilation that is no power of two.
  static let configuration = DilatedCausalNetwork.Configuration(
    levels: 200, channels: 32, dilations: [1, 2, 4, 7], skip: 48, features: 5, condition: 6, hop: 20)
  static let silence = 100
  static let frames = 12

  private static let made = Result { try fresh() }

  /// Weights that make some levels far more probable than others; zeros would hide mistakes.
  private static func fresh() throws -> DilatedCausalNetwork {
    let network = try DilatedCausalNetwork(configuration)
    try network.initialize(seed: 4)
    for (index, entry) in network.namedParameters.enumerated() {
      let shape = entry.parameter.value.shape
      guard try entry.parameter.value.abs().maximum().scalar() == 0 else { continue }
      let noise = KeyedNoise(seed: 7, sample: UInt64(index), step: 0).normal(count: shape.reduce(1, *))
      entry.parameter.value = try Tensor(noise.map { $0 * 0.1 }, shape: shape)
    }
    for (layer, factor) in [(network.skip, 3.0), (network.head1, 3.0), (network.head2, 6.0)] {
      layer.weight.value = try layer.weight.value * factor
    }
    return network
  }

  private let network: DilatedCausalNetwork
  private let features: [[Float]]
  private let conditions: [Float]
  /// A sound of whole frames that the network did not draw.
  private let levels: [UInt8]
  private let uniforms: [Float]

  init() throws {
    network = try Self.made.get()
    let rows = KeyedNoise(seed: 5, sample: 0, step: 0).normal(count: Self.frames * 5)
    features = (0..<Self.frames).map { Array(rows[($0 * 5)..<($0 * 5 + 5)]) }
    conditions = try DilatedSteps(network).conditions(features)
    let count = Self.frames * Self.configuration.hop
    levels = KeyedNoise(seed: 3, sample: 0, step: 0).integers(below: 200, count: count).map { UInt8($0) }
    uniforms = KeyedNoise(seed: 6, sample: 0, step: 0).uniform(count: count)
  }

  /// log P of every level at each time, by the network: `[T][K]`.
  private func logProbabilities(_ levels: [UInt8]) throws -> [[Double]] {
    let values = try Autograd.disabled {
      try network(previous(levels).unsqueezed(0), features: featureTensor()).to(.float64).logSoftmax(2)
        .elements(Double.self)
    }
    return levels.indices.map { Array(values[($0 * 200)..<($0 * 200 + 200)]) }
  }

  private func previous(_ levels: [UInt8]) throws -> Tensor {
    let shown: [Float] = [Float(Self.silence)] + levels.dropLast().map { Float($0) }
    return try Tensor(shown, shape: [levels.count]).to(.int64)
  }

  private func featureTensor() throws -> Tensor {
    try Tensor(features.flatMap { $0 }, shape: [1, Self.frames, 5])
  }

  /// What the activations of the network reach on the sound.
  private func ranges() throws -> DilatedRanges {
    try Autograd.disabled { () throws -> DilatedRanges in
      let given = try network.condition(featureTensor())
      var x = try network.embedding.value.indexSelect(0, previous(levels)).unsqueezed(0)
      var inputs: [Float] = []
      var gated: [Tensor] = []
      for block in network.body {
        inputs.append(Float(try x.abs().maximum().scalar()))
        let (next, own) = try block(x, given)
        x = next
        gated.append(own)
      }
      let skip = try network.skip(.cat(gated, axis: 2)).relu()
      let hidden = try network.head1(skip).relu()
      return DilatedRanges(
        inputs: inputs, skip: Float(try skip.maximum().scalar()),
        hidden: Float(try hidden.maximum().scalar()))
    }
  }

  private func stepper(_ steps: DilatedSteps, _ instructions: StepInstructions = .best) -> DilatedStepper {
    DilatedStepper(steps, silence: Self.silence, instructions: instructions)
  }

  @Test(arguments: StepInstructions.available) func scoresAreTheNetworks(_ instructions: StepInstructions)
    throws
  {
    let found = stepper(try DilatedSteps(network), instructions).score(conditions[...], levels: levels)
    let expected = try logProbabilities(levels)
    #expect(found.count == levels.count)
    for (time, nats) in found.enumerated() {
      #expect(abs(nats - expected[time][Int(levels[time])]) < 1e-4, "sample \(time)")
    }
    // Otherwise little would be compared.
    #expect((expected[100].max() ?? 0) - (expected[100].min() ?? 0) > 2)
  }

  /// Each level is where its uniform falls in the network's own distribution after those drawn before.
  @Test(arguments: StepInstructions.available) func drawsFollowTheNetwork(_ instructions: StepInstructions)
    throws
  {
    let drawn = stepper(try DilatedSteps(network), instructions).draw(conditions[...], uniforms: uniforms)
    let expected = try logProbabilities(drawn)
    for (time, level) in drawn.enumerated() {
      let below = (try exponentials(expected[time])[..<Int(level)]).reduce(0, +)
      let own = try exponentials(expected[time])[Int(level)]
      let uniform = Double(uniforms[time])
      #expect(uniform > below - 1e-5 && uniform < below + own + 1e-5, "sample \(time)")
    }
    #expect(Set(drawn).count > 20)
  }

  private func exponentials(_ values: [Double]) throws -> [Double] {
    try Tensor(values, shape: [values.count]).exp().elements(Double.self)
  }

  @Test func aLowTemperatureSharpens() throws {
    let steps = try DilatedSteps(network)
    let drawn = stepper(steps).draw(conditions[...], uniforms: uniforms, .init(temperature: 0.5))
    let expected = try logProbabilities(drawn)
    for (time, level) in drawn.enumerated() {
      let weights = try exponentials(expected[time].map { $0 / 0.5 })
      let total = weights.reduce(0, +)
      let below = weights[..<Int(level)].reduce(0, +) / total
      let uniform = Double(uniforms[time])
      #expect(uniform > below - 1e-5 && uniform < below + weights[Int(level)] / total + 1e-5)
    }
  }

  @Test(arguments: StepInstructions.available) func temperatureZeroTakesTheMostProbable(
    _ instructions: StepInstructions
  ) throws {
    let steps = try DilatedSteps(network)
    let settings = DilatedStepper.Settings(temperature: 0)
    let drawn = stepper(steps, instructions).draw(conditions[...], uniforms: uniforms, settings)
    let others = uniforms.map { 1 - $0 - 0x1p-24 }
    #expect(stepper(steps, instructions).draw(conditions[...], uniforms: others, settings) == drawn)
    for (time, row) in try logProbabilities(drawn).enumerated() {
      #expect(row[Int(drawn[time])] > (row.max() ?? 0) - 1e-4)
    }
  }

  /// What is more probable than the level drawn has less than the share together.
  @Test(arguments: StepInstructions.available, [0.02, 0.3]) func topPLeavesOutTheRest(
    _ instructions: StepInstructions, _ share: Double
  ) throws {
    let drawn = stepper(try DilatedSteps(network), instructions)
      .draw(conditions[...], uniforms: uniforms, .init(topP: share))
    for (time, row) in try logProbabilities(drawn).enumerated() {
      let probabilities = try exponentials(row)
      let own = probabilities[Int(drawn[time])]
      #expect(probabilities.filter { $0 > own + 1e-6 }.reduce(0, +) < share + 1e-5, "sample \(time)")
    }
  }

  /// Whole numbers round nowhere, so no instructions differ by a bit.
  @Test(arguments: StepInstructions.available) func eightBitsAreTheSameEverywhere(
    _ instructions: StepInstructions
  ) throws {
    let steps = try DilatedSteps(network, precision: .int8(ranges()))
    for settings in [
      DilatedStepper.Settings(), .init(temperature: 0.8, topP: 0.9), .init(temperature: 0),
    ] {
      let own = stepper(steps, instructions).draw(conditions[...], uniforms: uniforms, settings)
      let portable = stepper(steps, .portable).draw(conditions[...], uniforms: uniforms, settings)
      #expect(own == portable)
    }
    let own = stepper(steps, instructions).score(conditions[...], levels: levels)
    #expect(own == stepper(steps, .portable).score(conditions[...], levels: levels))
  }

  @Test func eightBitsAreNearlyTheNetwork() throws {
    let exact = stepper(try DilatedSteps(network)).score(conditions[...], levels: levels)
    let rounded = stepper(try DilatedSteps(network, precision: .int8(ranges())))
      .score(conditions[...], levels: levels)
    let difference = zip(exact, rounded).reduce(0.0) { $0 + $1.0 - $1.1 } / Double(levels.count)
    #expect(abs(difference) < 0.05)
    #expect(exact != rounded)
    // Sample by sample too: a mean alone would forgive much.
    let deviation = zip(exact, rounded).reduce(0.0) { $0 + abs($1.0 - $1.1) } / Double(levels.count)
    #expect(deviation < 0.15)
  }

  @Test func rangesOfAnotherNetworkAreRefused() throws {
    var wrong = try ranges()
    wrong.inputs.removeLast()
    #expect(throws: TensorError.self) { try DilatedSteps(network, precision: .int8(wrong)) }
    var infinite = try ranges()
    infinite.skip = .infinity
    #expect(throws: TensorError.self) { try DilatedSteps(network, precision: .int8(infinite)) }
  }

  @Test func partsGiveWhatTheWholeGives() throws {
    let hop = Self.configuration.hop
    let cut = 5 * conditions.count / Self.frames
    for precision in try [DilatedSteps.Precision.float32, .int8(ranges())] {
      let steps = try DilatedSteps(network, precision: precision)
      let whole = stepper(steps).draw(conditions[...], uniforms: uniforms)
      let drawing = stepper(steps)
      let first = drawing.draw(conditions[..<cut], uniforms: Array(uniforms[..<(5 * hop)]))
      let rest = drawing.draw(conditions[cut...], uniforms: Array(uniforms[(5 * hop)...]))
      #expect(first + rest == whole)
      let nats = stepper(steps).score(conditions[...], levels: levels)
      let scoring = stepper(steps)
      let before = scoring.score(conditions[..<cut], levels: Array(levels[..<(5 * hop)]))
      // The last frame is begun only.
      let after = scoring.score(conditions[cut...], levels: Array(levels[(5 * hop)..<(levels.count - 3)]))
      #expect(before + after == Array(nats.dropLast(3)))
    }
  }

  /// Scoring what was drawn leaves the stream as drawing did.
  @Test func aStreamIsFollowedAsItWasDrawn() throws {
    let hop = Self.configuration.hop
    let cut = 5 * conditions.count / Self.frames
    let steps = try DilatedSteps(network)
    let whole = stepper(steps).draw(conditions[...], uniforms: uniforms)
    let following = stepper(steps)
    _ = following.score(conditions[..<cut], levels: Array(whole[..<(5 * hop)]))
    let rest = following.draw(conditions[cut...], uniforms: Array(uniforms[(5 * hop)...]))
    #expect(rest == Array(whole[(5 * hop)...]))
  }

  /// A tone's phase, told by the last two features, is the same row of the table in the network and in the kernel.
  @Test(arguments: StepInstructions.available) func phasesAreTheNetworks(_ instructions: StepInstructions)
    throws
  {
    var configuration = Self.configuration
    configuration.phases = 24
    configuration.partials = 3
    configuration.features = 7
    let toned = try DilatedCausalNetwork(configuration)
    try toned.initialize(seed: 4)
    for (name, weight) in try network.weights() where name != "condition1.weight" {
      try toned.load([name: weight].merging(toned.weights()) { own, _ in own }, name: "weights")
    }
    func rows(_ cycles: Double) -> [[Float]] {
      features.enumerated().map { frame, row in
        let start = cycles * Double(frame * Self.configuration.hop)
        return row + [Float(start - start.rounded(.down)), Float(cycles)]
      }
    }
    func scores(_ cycles: Double) throws -> [Double] {
      let steps = try DilatedSteps(toned)
      let found = stepper(steps, instructions).score(try steps.conditions(rows(cycles))[...], levels: levels)
      let told = try Tensor(rows(cycles).flatMap { $0 }, shape: [1, Self.frames, 7])
      let expected = try Autograd.disabled {
        try toned(previous(levels).unsqueezed(0), features: told).to(.float64).logSoftmax(2)
          .elements(Double.self)
      }
      for (time, nats) in found.enumerated() {
        #expect(abs(nats - expected[time * 200 + Int(levels[time])]) < 1e-4, "sample \(time)")
      }
      return found
    }
    #expect(try scores(0.037) != scores(0.05))
  }

  /// A copy goes on by itself, and the stream it was taken from as if there were none.
  @Test func copiesGoOnAlone() throws {
    let hop = Self.configuration.hop
    let cut = 5 * conditions.count / Self.frames
    let steps = try DilatedSteps(network)
    let whole = stepper(steps).draw(conditions[...], uniforms: uniforms)
    let first = stepper(steps)
    _ = first.draw(conditions[..<cut], uniforms: Array(uniforms[..<(5 * hop)]))
    let copy = first.copy()
    let others = uniforms[(5 * hop)...].map { 1 - $0 - 0x1p-24 }
    let other = copy.draw(conditions[cut...], uniforms: others)
    // The last frame is begun only.
    let rest = first.draw(conditions[cut...], uniforms: Array(uniforms[(5 * hop)...].dropLast(3)))
    #expect(rest == Array(whole[(5 * hop)...].dropLast(3)) && Array(other.dropLast(3)) != rest)
  }
}
