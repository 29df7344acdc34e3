import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import GenerativeVersusDiscriminative

struct LearningCurveTests {
  /// Two Gaussian classes of variance 1, `distance` apart along each of the features.
  private func gaussians(_ rows: Int, features: Int, distance: Double) throws -> Table {
    let labels = (0..<rows).map { $0 % 2 }
    let noise = try Tensor.noise([rows, features]).to(.float64)
    let shift = try Tensor(labels.map { Double($0) * distance }, shape: [rows, 1])
    return Table(
      name: "gaussians", x: try noise + shift, labels: labels, classes: ["a", "b"],
      columns: .init(numbers: features))
  }

  @Test("sizes grow by √2 up to the whole, which stands apart")
  func sizes() {
    #expect(LearningCurve.sizes(upTo: 105) == [10, 14, 20, 28, 40, 57, 80, 105])
    #expect(LearningCurve.sizes(upTo: 11) == [11])
    #expect(LearningCurve.sizes(upTo: 90) == [10, 14, 20, 28, 40, 57, 90])
  }

  @Test("a split is a permutation, its own, and the same each time")
  func permutations() {
    let a = LearningCurve.permutation(500, seed: 1, split: 0)
    #expect(a.sorted() == Array(0..<500) && a == LearningCurve.permutation(500, seed: 1, split: 0))
    #expect(
      a != LearningCurve.permutation(500, seed: 1, split: 1)
        && a != LearningCurve.permutation(500, seed: 2, split: 0))
  }

  @Test("with many rows both learners reach the error that nothing can beat, whatever the number of threads")
  func bayesError() throws {
    let table = try gaussians(4000, features: 4, distance: 1)
    let settings = LearningCurve.Settings(splits: 6, mostTested: 1000)
    let learners: [Learner] = [.gaussian, .gaussianPerClass, .logistic]
    let curve = try LearningCurve(table, learners: learners, settings: settings, workers: 2)
    #expect(curve.tested == 1000 && curve.sizes.last == 3000 && curve.partner == .gaussian)
    // Φ(−√4 / 2)
    let best = 0.5 * erfc(1 / 2.0.squareRoot())
    for learner in learners {
      let last = try #require(curve.error(learner, curve.sizes.count - 1))
      #expect(abs(last.mean - best) < 0.02)
      #expect(try #require(curve.error(learner, 0)).mean > last.mean)
    }
    let alone = try LearningCurve(table, learners: learners, settings: settings, workers: 1)
    #expect(alone.errors == curve.errors)
  }

  @Test("an advantage is a difference of pairs")
  func advantages() throws {
    let table = try gaussians(200, features: 3, distance: 1)
    let curve = try LearningCurve(
      table, learners: [.gaussian, .logistic], settings: .init(splits: 8), workers: 2)
    let (a, b) = (curve.errors[0][2], curve.errors[1][2])
    let advantage = try #require(curve.advantage(of: .gaussian, over: .logistic, 2))
    #expect(abs(advantage.mean - (b.reduce(0, +) - a.reduce(0, +)) / 8) < 1e-12)
    #expect(curve.advantage(of: .multinomial, over: .logistic, 2) == nil)
  }

  @Test("learners that make sense of the columns")
  func learners() {
    #expect(Learner.all(for: .init(numbers: 2)) == [.gaussian, .gaussianPerClass, .logistic, .looseLogistic])
    #expect(Learner.all(for: .init(numbers: 0, levels: [2])) == [.multinomial, .logistic, .looseLogistic])
    #expect(Learner.all(for: .init(numbers: 1, counts: 3)) == Learner.allCases)
    #expect(!Learner.all(for: .init(numbers: 1, levels: [2])).contains(.multinomial))
  }

  @Test(
    "who is ahead",
    arguments: [
      ([0.1, 0.05, -0.05], Crossing.crosses(rows: 200.0.squareRoot() * 2)),
      ([-0.1, 0.002, 0.1], .crossesBack(rows: 0)), ([0.1, 0.002, 0.0], .firstAhead),
      ([0.0, -0.1, -0.1], .secondAhead), ([0.1, -0.1, 0.1], .changes), ([0.001, 0, -0.001], .even),
    ])
  func crossings(_ means: [Double], _ expected: Crossing) {
    let found = Crossing(zip([10, 20, 40], means).map { ($0, $1, 0.01) })
    switch (found, expected) {
    case (.crosses(let a), .crosses(let b)): #expect(abs(a - b) < 1e-9)
    // The sign changes just before 20.
    case (.crossesBack(let a), .crossesBack): #expect(a > 19 && a < 20)
    default: #expect(found == expected)
    }
  }
}

struct FeatureGrowthTests {
  @Test("rows needed, between sizes along logarithms; the exponent of a power")
  func figures() {
    // Half way from 40 to 20 above the level of 2 points above 10: at √(20 · 40).
    let rows = FeatureGrowth.rowsNeeded([10, 20, 40, 80], [0.30, 0.14, 0.10, 0.10])
    #expect(abs(rows - 800.0.squareRoot()) < 1e-9)
    #expect(FeatureGrowth.rowsNeeded([10, 20], [0.11, 0.10]) == 10)
    let exponent = FeatureGrowth.exponent([2, 4, 8, 16], [2, 4, 8, 16].map { 3 * pow($0, 0.7) })
    #expect(abs(exponent - 0.7) < 1e-12)
    #expect(
      FeatureGrowth.counts(upTo: 60) == [2, 4, 8, 16, 32, 60] && FeatureGrowth.counts(upTo: 8) == [2, 4, 8])
  }

  @Test("the theorem: logistic regression needs more rows with more features, naive Bayes hardly so")
  func theorem() throws {
    let (rows, features) = (3000, 32)
    let labels = (0..<rows).map { $0 % 2 }
    let shift = try Tensor(labels.map { Double($0) * 0.5 }, shape: [rows, 1])
    let table = Table(
      name: "gaussians", x: try Tensor.noise([rows, features]).to(.float64) + shift, labels: labels,
      classes: ["a", "b"], columns: .init(numbers: features))
    let growth = try FeatureGrowth(
      table, learners: [.gaussian, .looseLogistic], settings: .init(splits: 10), workers: 2, afterEach: {})
    #expect(growth.features == [2, 4, 8, 16, 32])
    #expect(growth.exponents[1].mean > growth.exponents[0].mean + 0.3)
    let last = growth.needed.map(\.last!)
    #expect(last[1].mean > 2 * last[0].mean)
  }
}
