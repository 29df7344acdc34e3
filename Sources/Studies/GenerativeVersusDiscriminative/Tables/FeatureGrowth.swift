internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// How many rows a learner needs to come near its asymptote, by the number of features: of the order of log n for
/// naive Bayes and of n for logistic regression, says Ng & Jordan 2002 (corollaries 3 and 6).
struct FeatureGrowth: Codable, Sendable {
  let table: String
  /// Ascending.
  let features: [Int]
  let learners: [Learner]
  /// Of each learner and number of features: rows needed, and its standard error.
  let needed: [[Figure]]
  /// Of each learner, the exponent b of rows ∝ nᵇ.
  let exponents: [Figure]

  struct Figure: Codable, Sendable, Equatable {
    var mean: Double
    var standardError: Double
  }

  /// A learner is near its asymptote when it is wrong at most so much more often than with all rows.
  static let margin = 0.02
  /// Bootstrap samples of the splits.
  static let rounds = 200

  /// Each split has a random choice of features of its own.
  init(
    _ table: Table, learners: [Learner], settings: LearningCurve.Settings, workers: Int,
    afterEach: @escaping @Sendable () throws -> Void
  ) throws {
    let most = table.columns.features
    let features = Self.counts(upTo: most)
    let curves = try features.map { count in
      try LearningCurve(
        table, learners: learners, settings: settings, workers: workers,
        restrict: { split in
          let order = LearningCurve.permutation(most, seed: settings.seed &+ 1, split: split)
          return try table.restricted(to: Array(order.prefix(count)))
        }, afterEach: afterEach)
    }
    self.table = table.name
    self.features = features
    self.learners = learners

    let rounds = Self.rounds
    let all = learners.indices.map { learner -> (needed: [Figure], exponent: Figure) in
      func needed(_ splits: [Int]) -> [Double] {
        curves.map { curve in
          let means = curve.errors[learner].map { errors in
            splits.reduce(0) { $0 + errors[$1] } / Double(splits.count)
          }
          return Self.rowsNeeded(curve.sizes, means)
        }
      }
      let splits = settings.splits
      let whole = needed(Array(0..<splits))
      let again = (0..<rounds).map { round in
        needed(
          KeyedNoise(seed: settings.seed, sample: UInt64(round), step: 0, stream: "bootstrap")
            .integers(below: splits, count: splits))
      }
      return (
        features.indices.map { place in
          Figure(mean: whole[place], standardError: Self.spread(again.map { $0[place] }))
        },
        Figure(
          mean: Self.exponent(features, whole),
          standardError: Self.spread(again.map { Self.exponent(features, $0) }))
      )
    }
    self.needed = all.map(\.needed)
    exponents = all.map(\.exponent)
  }

  /// 2, 4, 8 … and all.
  static func counts(upTo most: Int) -> [Int] {
    Array((1...).lazy.map { 1 << $0 }.prefix { $0 < most }) + [most]
  }

  /// The least rows from which on the error stays within the margin, between two sizes as if their logarithms lay on a
  /// straight line.
  static func rowsNeeded(_ sizes: [Int], _ errors: [Double]) -> Double {
    let level = errors.last! + margin
    guard let last = errors.lastIndex(where: { $0 > level }) else { return Double(sizes[0]) }
    let share = (errors[last] - level) / (errors[last] - errors[last + 1])
    return exp(log(Double(sizes[last])) * (1 - share) + log(Double(sizes[last + 1])) * share)
  }

  /// The slope of a least-squares line through the logarithms.
  static func exponent(_ features: [Int], _ rows: [Double]) -> Double {
    let (x, y) = (features.map { log(Double($0)) }, rows.map { log($0) })
    let (a, b) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    return zip(x, y).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) } / x.reduce(0) { $0 + ($1 - a) * ($1 - a) }
  }

  private static func spread(_ values: [Double]) -> Double {
    meanWithError(values).standardError * Double(values.count).squareRoot()
  }
}
