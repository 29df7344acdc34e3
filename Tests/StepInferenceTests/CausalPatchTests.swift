import Testing
import TestSupport
import Torch
import TorchNN

@testable import StepInference

@Suite struct CausalPatchTests {
  /// Channels that fill no whole vector, more streams than one panel takes.
  static let configuration = CausalPatchNetwork.Configuration(
    height: 5, width: 4, channels: 24, blocks: 3, rows: 1, reach: 2, head: 20, condition: 3, outputs: 9)

  static func network() throws -> CausalPatchNetwork {
    let network = try CausalPatchNetwork(configuration)
    try network.initialize(seed: 4)
    // Zeros would hide mistakes.
    for (index, entry) in network.namedParameters.enumerated()
    where try entry.parameter.value.abs().maximum().scalar() == 0 {
      let noise = KeyedNoise(seed: 7, sample: UInt64(index), step: 0).normal(
        count: entry.parameter.value.count)
      entry.parameter.value = try Tensor(noise.map { $0 * 0.1 }, shape: entry.parameter.value.shape)
    }
    return network
  }

  static func levels(_ count: Int) throws -> [Int] {
    KeyedNoise(seed: 3, sample: 0, step: 0).integers(below: 300, count: count).map { max(0, $0 - 45) }
  }

  @Test(arguments: StepInstructions.available) func stepsGiveWhatTheWholePictureGives(
    _ instructions: StepInstructions
  ) throws {
    let network = try Self.network()
    let streams = 6
    let pixels = 10 * 8
    let levels = try Self.levels(streams * pixels)
    let globals = (0..<streams).map { s in (0..<3).map { $0 == s % 3 ? Float(1) : 0 } }
    let expected = try Autograd.disabled {
      try network(
        Tensor(levels.map(Float.init), shape: [streams, 1, 10, 8]),
        global: Tensor(globals.flatMap { $0 }, shape: [streams, 3])
      ).floats()
    }
    let stepper = CausalPatchStepper(
      try CausalPatchSteps(network), globals: globals, instructions: instructions)
    var count = 0
    while !stepper.isAtEnd {
      let pixel = stepper.place.row * 8 + stepper.place.column
      for stream in 0..<streams {
        for (index, value) in stepper.parameters(stream).enumerated() {
          #expect(abs(value - expected[(stream * 9 + index) * pixels + pixel]) < 1e-5)
        }
      }
      stepper.advance((0..<streams).map { levels[$0 * pixels + pixel] })
      count += 1
    }
    #expect(count == pixels)
  }

  @Test func aPixelDependsOnThoseBeforeItAlone() throws {
    let network = try Self.network()
    let levels = try Self.levels(80).map(Float.init)
    let global = try Tensor([Float(1), 0, 0], shape: [1, 3])
    func parameters(_ values: [Float]) throws -> [Float] {
      try Autograd.disabled { try network(Tensor(values, shape: [1, 1, 10, 8]), global: global).floats() }
    }
    let before = try parameters(levels)
    for changed in [0, 13, 37, 79] {
      var other = levels
      other[changed] = other[changed] > 100 ? 0 : 255
      let after = try parameters(other)
      for pixel in 0..<80 {
        let moved = (0..<9).contains { abs(before[$0 * 80 + pixel] - after[$0 * 80 + pixel]) > 1e-6 }
        if network.order[pixel] <= network.order[changed] { #expect(!moved, "\(changed) changes \(pixel)") }
        if network.order[pixel] == network.order[changed] + 1 { #expect(moved) }
      }
    }
  }

  @Test func aStreamIsTheSameBesideOthers() throws {
    let steps = try CausalPatchSteps(Self.network())
    func run(_ streams: Int) throws -> [Float] {
      let stepper = CausalPatchStepper(steps, globals: [[Float]](repeating: [0, 1, 0], count: streams))
      let levels = try Self.levels(80)
      var last: [Float] = []
      while !stepper.isAtEnd {
        let pixel = stepper.place.row * 8 + stepper.place.column
        last = Array(stepper.parameters(0))
        stepper.advance([levels[pixel]] + (1..<streams).map { ($0 * 31 + pixel) % 256 })
      }
      return last
    }
    #expect(try run(1) == run(7))
  }

  @Test func aCopyGoesOnLikeItsOriginal() throws {
    let steps = try CausalPatchSteps(Self.network())
    let stepper = CausalPatchStepper(steps, globals: [[1, 0, 0], [0, 1, 0]])
    let levels = try Self.levels(80)
    var turn = 0
    while !stepper.isAtEnd {
      if turn == 30 { stepper.copy(from: 0, to: 1) }
      if turn >= 30 { #expect(Array(stepper.parameters(0)) == Array(stepper.parameters(1))) }
      stepper.advance([levels[turn], turn < 30 ? 255 - levels[turn] / 2 : levels[turn]])
      turn += 1
    }
  }
}
