import Conditioners
import Families
import Foundation
import StepInference
import TestSupport
import Testing
import Torch
import TorchNN

/// Families of short vectors: what they say of densities, and that one at a time is what a batch is.
struct ShortVectorTests {
  private func network(_ configuration: ResidualPerceptron.Configuration) throws -> ResidualPerceptron {
    let network = try ResidualPerceptron(configuration)
    for (index, parameter) in network.trainableParameters.enumerated() {
      let shape = parameter.value.shape
      parameter.value =
        try Tensor.noise(shape, seed: UInt64(index)) * (0.7 / Double(shape.last ?? 1).squareRoot())
    }
    return network
  }

  private func steps(_ network: ResidualPerceptron) throws -> PerceptronSteps {
    try PerceptronSteps(
      network.configuration,
      weights: HostWeights(Safetensors(tensors: network.storedWeights()), name: "network"))
  }

  private let condition = try! Tensor.noise([3, 4], seed: 40)
  private let noise = BatchNoise(seed: 5, samples: [7, 8, 9], firstStep: 2)

  private func alone(_ row: Int) -> BatchNoise {
    BatchNoise(seed: 5, samples: [noise.samples[row]], firstStep: 2)
  }

  @Test(arguments: [
    DiffusionFamily.SamplerSettings(name: .euler, steps: 7, schedule: .straight),
    .init(name: .dpmSolver, steps: 6, largest: 20, smallest: 0.02),
  ])
  func drawsOfDiffusionAreTheSameOneAtATime(_ settings: DiffusionFamily.SamplerSettings) throws {
    let network = try network(
      .init(inputs: 6, condition: 4, outputs: 6, width: 24, blocks: 2, embedding: 8, hasTime: true))
    let configuration = DiffusionFamily.Configuration(mean: 0.1, deviation: 0.6)
    var family = DiffusionFamily(
      configuration, sampleShape: [6, 1, 1], settings: settings,
      backbone: { x, time, given in
        try network(x.reshaped([x.shape[0], 6]), time: time, condition: given.global!).reshaped(x.shape)
      })
    family.bounds = -1...1
    let expected = try family.sample(given: Conditioning(global: condition), noise: noise)
    let single = try #require(
      DiffusionSteps(configuration, settings: settings, bounds: -1...1, network: steps(network)))
    #expect(single.evaluations == settings.steps)
    for row in 0..<3 {
      let x = single.draw(
        try steps(network).told(condition.select(0, row).floats()), noise: alone(row))
      #expect(try largestDifference(Tensor(x, shape: [6, 1, 1]), expected.select(0, row)) < 1e-4)
    }
    var ancestral = settings
    ancestral.name = .ancestral
    #expect(
      DiffusionSteps(configuration, settings: ancestral, bounds: nil, network: try steps(network)) == nil)
  }

  @Test func aMixturesDensityIsOne() throws {
    let network = try network(
      .init(
        inputs: 0, condition: 4, outputs: MixtureDensity.outputs(components: 3, dimensions: 1), width: 24,
        blocks: 1,
        embedding: 8, hasTime: false))
    let family = MixtureDensity(components: 3, dimensions: 1, floor: 0.05) {
      try network(nil, time: nil, condition: $0.global!)
    }
    let one = try condition.narrow(0, start: 0, length: 1)
    let parameters = try network(nil, time: nil, condition: one).floats()
    let grid = (0..<8000).map { Float($0) / 200 - 20 }
    let logs = try family.logDensity(
      Tensor(grid, shape: [grid.count, 1]), known: nil,
      given: Conditioning(global: one.expanded([grid.count, 4])), noise: noise
    ).values.elements(Double.self)
    #expect(abs(logs.reduce(0) { $0 + exp($1) / 200 } - 1) < 1e-3)
    for index in stride(from: 0, to: grid.count, by: 371) {
      #expect(
        abs(family.logProbability([grid[index]], parameters) - logs[index]) < 1e-3 * max(1, abs(logs[index])))
    }
    // Draws have the density's mean.
    let draws = (0..<4000).map { family.draw(parameters, noise: BatchNoise(seed: 1, first: $0, count: 1))[0] }
    let mean = zip(grid, logs).reduce(0) { $0 + Double($1.0) * exp($1.1) / 200 }
    let spread = (zip(grid, logs).reduce(0) { $0 + pow(Double($1.0) - mean, 2) * exp($1.1) / 200 })
      .squareRoot()
    #expect(abs(Double(draws.reduce(0, +)) / 4000 - mean) < 4 * spread / 4000.0.squareRoot())
    // In a batch as alone.
    let batch = try family.sample(given: Conditioning(global: condition), noise: noise).floats()
    for row in 0..<3 {
      let own = try network(nil, time: nil, condition: condition.narrow(0, start: row, length: 1)).floats()
      #expect(abs(family.draw(own, noise: alone(row))[0] - batch[row]) < 1e-4)
    }
  }

  @Test func binnedValuesAddUpToOne() throws {
    let network = try network(
      .init(inputs: 4, condition: 4, outputs: 5, width: 24, blocks: 1, embedding: 8, hasTime: false))
    let family = BinnedValues(dimensions: 2, bins: 5) { before, given in
      try network(before, time: nil, condition: given.global!)
    }
    let centres = (0..<5).map { (Float($0) + 0.5) / 5 * 2 - 1 }
    let all = centres.flatMap { a in centres.map { [a, $0] } }
    let one = try condition.narrow(0, start: 0, length: 1)
    let given = Conditioning(global: try one.expanded([25, 4]))
    let x = try Tensor(all.flatMap { $0 }, shape: [25, 2])
    let density = try family.logDensity(x, known: nil, given: given, noise: noise)
    #expect(density.kind == .exact)
    let logs = try density.values.elements(Double.self)
    // Each of 25 cells has an area of 0.16.
    #expect(abs(logs.reduce(0) { $0 + exp($1) * 0.16 } - 1) < 1e-5)
    // The loss is minus the log share of the bins, on average over the place.
    let row = try x.narrow(0, start: 3, length: 1)
    let losses = try (0..<64).map {
      try family.loss(row, given: Conditioning(global: one), noise: BatchNoise(seed: 3, first: $0, count: 1))
        .scalar()
    }
    #expect(Set(losses.map { Float($0) }).count == 2)
    let two = Set(losses.map { Float($0) }).map(Double.init)
    #expect(abs(-(two[0] + two[1]) / 2 - (logs[3] + 2 * log(0.4))) < 1e-4)
    let batch = try family.sample(given: Conditioning(global: condition), noise: noise)
    #expect(try batch.abs().maximum().scalar() <= 1)
    let first = try family.sample(
      given: Conditioning(global: condition.narrow(0, start: 1, length: 1)), noise: alone(1))
    #expect(try largestDifference(first.select(0, 0), batch.select(0, 1)) < 1e-5)
  }
}
