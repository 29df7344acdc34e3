internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// Errors of learners on a table, by the number of rows that they learned from.
struct LearningCurve: Codable, Sendable {
  let table: String
  let rows: Int
  let classes: Int
  let columns: Table.Columns
  let tested: Int
  /// Rows learned from, ascending.
  let sizes: [Int]
  let learners: [Learner]
  /// Of each learner, size and split: share of wrong answers.
  let errors: [[[Double]]]

  struct Settings: Codable, Sendable, Equatable {
    /// Random partitions into rows to learn from and rows to test on.
    var splits = 100
    var seed: UInt64 = 1
    /// Share of the rows that is tested on, and the most of them.
    var testedShare = 0.3
    var mostTested = 2000
    /// The most rows to learn from.
    var mostLearned = 5000
  }

  /// Every learner on the same splits. Within a split, a smaller sample is the beginning of a larger one.
  init(
    _ table: Table, learners: [Learner], settings: Settings, workers: Int,
    restrict: (@Sendable (_ split: Int) throws -> Table)? = nil,
    afterEach: @escaping @Sendable () throws -> Void = {}
  ) throws {
    let tested = min(settings.mostTested, Int(Double(table.count) * settings.testedShare))
    let sizes = Self.sizes(upTo: min(settings.mostLearned, table.count - tested))
    let bySplit = try ChunkRunner(workers: workers).map(settings.splits) { split in
      let table = try restrict?(split) ?? table
      let order = Self.permutation(table.count, seed: settings.seed, split: split)
      let new = try table.rows(Array(order.suffix(tested)))
      let pool = try table.rows(Array(order.prefix(sizes.last!)))
      let errors = try sizes.map { size in
        let known = (
          x: try pool.x.narrow(0, start: 0, length: size), labels: Array(pool.labels[..<size])
        )
        return try learners.map {
          try $0.error(known, new: new, classes: table.classes.count, columns: table.columns)
        }
      }
      try afterEach()
      return errors
    }
    self.table = table.name
    self.rows = table.count
    self.classes = table.classes.count
    self.columns = table.columns
    self.tested = tested
    self.sizes = sizes
    self.learners = learners
    errors = learners.indices.map { learner in
      sizes.indices.map { size in bySplit.map { $0[size][learner] } }
    }
  }

  /// 10, 14, 20, 28, 40 … and the whole.
  static func sizes(upTo most: Int) -> [Int] {
    let steps = (0...).lazy.map { Int((10 * pow(2, Double($0) / 2)).rounded()) }.prefix { $0 < most }
    // The last but one is no nearer to the whole than any two are to each other.
    return steps.filter { Double($0) * 1.2 < Double(most) } + [most]
  }

  static func permutation(_ count: Int, seed: UInt64, split: Int) -> [Int] {
    let keys = KeyedNoise(seed: seed, sample: UInt64(split), step: 0, stream: "split").uniform(count: count)
    return (0..<count).sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// The mean over splits and its standard error.
  func error(_ learner: Learner, _ size: Int) -> (mean: Double, standardError: Double)? {
    learners.firstIndex(of: learner).map { meanWithError(errors[$0][size]) }
  }

  /// How much less often `a` is wrong than `b`, by split.
  func advantage(of a: Learner, over b: Learner, _ size: Int) -> (mean: Double, standardError: Double)? {
    guard let a = learners.firstIndex(of: a), let b = learners.firstIndex(of: b) else { return nil }
    return meanWithError(zip(errors[a][size], errors[b][size]).map { $1 - $0 })
  }

  /// The generative learner that makes the same kind of boundary as logistic regression.
  var partner: Learner { learners.contains(.gaussian) ? .gaussian : .multinomial }
}
