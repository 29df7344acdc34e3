import Conditioners
import Foundation
import StepInference
import TestSupport
import Testing
import Torch

@testable import Families

/// Pixels in a row, each near the one before.
private final class Chain: PixelStepper {
  private let width: Int
  private var column = 0
  private var parameters: [[Float]]

  init(_ globals: [[Float]], width: Int) {
    self.width = width
    parameters = globals.map { _ in Chain.parameters(after: nil) }
  }

  /// Two components: around the level before, and anything.
  static func parameters(after level: Int?) -> [Float] {
    let mean = level.map { Float($0) / 127.5 - 1 } ?? 0.1
    return [1, -1, mean, 0, -2.5, -0.5]
  }

  var isAtEnd: Bool { column == width }
  var place: (row: Int, column: Int) { (0, column) }
  // A stepper's parameters are read before the next step, so this memory is kept until then.
  private var shown: [UnsafeMutablePointer<Float>] = []
  func parameters(_ stream: Int) -> UnsafeBufferPointer<Float> {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 6)
    memory.initialize(from: parameters[stream], count: 6)
    shown.append(memory)
    return UnsafeBufferPointer(start: memory, count: 6)
  }
  func advance(_ levels: [Int]) {
    column += 1
    parameters = levels.map { Chain.parameters(after: $0) }
  }
  func copy(from: Int, to: Int) { parameters[to] = parameters[from] }
  deinit { for memory in shown { memory.deallocate() } }
}

struct AutoregressiveTests {
  private func family(width: Int, particles: Int = 32) -> AutoregressiveFamily {
    AutoregressiveFamily(
      sampleShape: [1, 1, width], order: Array(0..<width), particles: particles,
      backbone: { levels, _ in
        let rows = try levels.floats()
        let count = levels.shape[0]
        var values = [Float](repeating: 0, count: count * 6 * width)
        for row in 0..<count {
          for column in 0..<width {
            let before = column == 0 ? nil : Int(rows[row * width + column - 1])
            for (index, value) in Chain.parameters(after: before).enumerated() {
              values[(row * 6 + index) * width + column] = value
            }
          }
        }
        return try Tensor(values, shape: [count, 6, 1, width])
      }, summary: { levels, _ in levels }, steps: { Chain($0, width: width) })
  }

  private func given(_ count: Int) throws -> Conditioning {
    Conditioning(global: try Tensor([Float](repeating: 1, count: count), shape: [count, 1]))
  }

  private func x(_ levels: [Int]) throws -> Tensor {
    try Tensor(levels.map { (Float($0) + 0.5) / 256 }, shape: [1, 1, 1, levels.count])
  }

  private func probability(_ level: Int, after before: Int?) -> Double {
    Chain.parameters(after: before).withUnsafeBufferPointer {
      exp(DiscretizedLogisticMixture.logProbability(level, $0))
    }
  }

  @Test func levelsShareAllProbability() {
    for before in [nil, 0, 3, 200, 255] as [Int?] {
      let sum = (0..<256).reduce(0.0) { $0 + probability($1, after: before) }
      #expect(abs(sum - 1) < 1e-9)
    }
  }

  @Test func densityIsTheProductOfTheSteps() throws {
    let levels = [12, 20, 0, 255]
    var expected = 0.0
    for (index, level) in levels.enumerated() {
      expected += log(probability(level, after: index == 0 ? nil : levels[index - 1])) + log(256)
    }
    let noise = BatchNoise(seed: 0, first: 0, count: 1)
    let density = try family(width: 4).logDensity(x(levels), known: nil, given: given(1), noise: noise)
    #expect(density.kind == .exact)
    #expect(try abs(density.values.elements(Double.self)[0] - expected) < 1e-4)
    let known = try Tensor([1, 1, 0, 0] as [Float], shape: [1, 1, 1, 4])
    let half = try family(width: 4).logDensity(x(levels), known: known, given: given(1), noise: noise)
    let first = log(probability(12, after: nil)) + log(probability(20, after: 12)) + 2 * log(256)
    #expect(half.kind == .exact)
    #expect(try abs(half.values.elements(Double.self)[0] - first) < 1e-4)
  }

  /// P(first, third) = Σ P(first) P(second | first) P(third | second), by the filter and by the sum.
  @Test func particlesSumOverWhatIsMissing() throws {
    let known = try Tensor([1, 0, 1] as [Float], shape: [1, 1, 1, 3])
    let (first, third) = (100, 140)
    let exact = (0..<256).reduce(0.0) {
      $0 + probability(first, after: nil) * probability($1, after: first) * probability(third, after: $1)
    }
    let noise = BatchNoise(seed: 2, first: 0, count: 1)
    let density = try family(width: 3, particles: 4000).logDensity(
      x([first, 0, third]), known: known, given: given(1), noise: noise)
    #expect(density.kind == .estimate)
    #expect(try abs(density.values.elements(Double.self)[0] - log(exact) - 2 * log(256)) < 0.05)
    // Draws lie between, as the posterior does, not where the first pixel alone would have them.
    let posterior =
      (0..<256).reduce(0.0) {
        $0 + Double($1) * probability($1, after: first) * probability(third, after: $1)
      } / (0..<256).reduce(0.0) { $0 + probability($1, after: first) * probability(third, after: $1) }
    let count = 300
    let rows = try family(width: 3, particles: 64).complete(
      x([first, 0, third]).expanded([count, 1, 1, 3]).contiguous(),
      known: known.expanded([count, 1, 1, 3]).contiguous(),
      given: given(count), noise: BatchNoise(seed: 5, first: 0, count: count))
    let drawn = try (rows.select(3, 1).mean().scalar() * 256) - 0.5
    #expect(abs(drawn - posterior) < 4, "\(drawn) of \(posterior)")
    #expect(
      try largestDifference(rows.select(3, 0), x([first, 0, third]).select(3, 0).expanded([count, 1, 1])) == 0
    )
  }

  @Test func resampledParents() {
    let parents = AutoregressiveFamily.resampled([0.5, 0, 0.5, 0], 0.5)
    #expect(parents == [0, 0, 2, 2])
    // Who survives stays where it is.
    let many = AutoregressiveFamily.resampled([0.1, 0.6, 0.05, 0.25], 0.3)
    #expect(many[1] == 1 && many[3] == 3)
    #expect(AutoregressiveFamily.resampled([0.25, 0.25, 0.25, 0.25], 0.9) == [0, 1, 2, 3])
  }

  @Test func drawsFollowTheSteps() throws {
    let count = 2000
    let x = try family(width: 2).sample(
      given: given(count), noise: BatchNoise(seed: 1, first: 0, count: count))
    let levels = try (x * 256).floored().floats()
    let mean = stride(from: 0, to: 2 * count, by: 2).reduce(0.0) { $0 + Double(levels[$1]) } / Double(count)
    let expected = (0..<256).reduce(0.0) { $0 + Double($1) * probability($1, after: nil) }
    #expect(abs(mean - expected) < 3)
    let part = try family(width: 2).sample(given: given(1), noise: BatchNoise(seed: 1, samples: [7]))
    #expect(try part.select(0, 0).bytes() == x.select(0, 7).bytes())
  }
}
