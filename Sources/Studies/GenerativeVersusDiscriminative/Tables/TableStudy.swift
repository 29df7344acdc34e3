internal import Foundation
internal import Logging
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Learning curves of every table, and how the rows that are needed grow with the features of wide ones.
struct TableStudy {
  let settings: LearningCurve.Settings
  let store: ResultStore
  let workers: Int
  let log: Logger
  let progress: ProgressLine.Mode

  /// Tables with so many features say how the rows needed grow with them.
  static let wide = 30

  /// What decides one result.
  private struct Key: Encodable {
    let settings: LearningCurve.Settings
    let file: String
    let learners: [Learner]
    /// Counts up when the same table would give other figures.
    var version = 1
  }

  /// - Parameters:
  ///   - folder: its `.csv` files.
  ///   - pictures: taken as one more table, where there are some.
  func callAsFunction(_ folder: URL, pictures: URL?) throws -> ([LearningCurve], [FeatureGrowth]) {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { ($0 as NSString).pathExtension.lowercased() == "csv" }
    guard !names.isEmpty else {
      throw PipelineError.usage(
        "\(folder.path) has no .csv files; what scripts/gather-tables wrote would be right")
    }
    var sources = try names.map { name in
      let file = folder.appendingPathComponent(name)
      return (digest: try Digest.sha256(of: file), table: try Table(contentsOf: file))
    }
    if let pictures {
      let all = try LabelledImages(folder: pictures, split: .train)
        .spread(settings.mostLearned + settings.mostTested)
      let digest = try all.pixels.withBytes { Digest.sha256(Data($0)) }
      sources.append((digest, try Table(all, name: pictures.lastPathComponent)))
    }
    let curves = try sources.map { digest, table in
      let learners = Learner.all(for: table.columns)
      return try store.result(
        "curve-\(table.name)", settings: Key(settings: settings, file: digest, learners: learners)
      ) {
        try timed("\(table.name), learning curve", splits: settings.splits) {
          try LearningCurve(
            table, learners: learners, settings: settings, workers: workers, afterEach: $0)
        }
      }
    }
    let growths = try sources.filter { $0.table.columns.features >= Self.wide }.map { digest, table in
      let partner: Learner = table.columns.numbers + table.columns.counts > 0 ? .gaussian : .multinomial
      let learners = [partner, .looseLogistic]
      return try store.result(
        "growth-\(table.name)", settings: Key(settings: settings, file: digest, learners: learners)
      ) {
        let counts = FeatureGrowth.counts(upTo: table.columns.features).count
        return try timed("\(table.name), growth with features", splits: settings.splits * counts) {
          try FeatureGrowth(
            table, learners: learners, settings: settings, workers: workers, afterEach: $0)
        }
      }
    }
    return (curves, growths)
  }

  private func timed<Result>(
    _ name: String, splits: Int, _ make: (@escaping @Sendable () throws -> Void) throws -> Result
  ) throws -> Result {
    let line = ProgressLine(name, total: splits, unit: "splits", mode: progress)
    defer { line.finish() }
    let start = ContinuousClock.now
    let result = try make {
      line.advance()
      try Interrupt.check()
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    log.info("\(name): \(String(format: "%.1f", seconds)) s")
    return result
  }
}
