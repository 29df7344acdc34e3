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

  /// Tables with so many features, and so many rows to learn from for each, say how the rows needed grow with them: with
  /// fewer rows nobody is near an asymptote.
  static let wide = (features: 30, rowsEach: 10)

  /// What decides one result.
  private struct Key: Encodable {
    let settings: LearningCurve.Settings
    let file: String
    let learners: [Learner]
    /// Counts up when the same table would give other figures.
    var version = 1
  }

  /// A table, and what tells it from any other.
  struct Source: Sendable {
    let table: Table
    let digest: String
  }

  /// Reads the tables.
  /// - Parameters:
  ///   - folder: its `.csv` files.
  ///   - pictures: taken as one more table, where there are some.
  /// - Throws: `PipelineError` of kind `.usage` for a folder without tables, `.data` for a broken one.
  func sources(_ folder: URL, pictures: URL?) throws -> [Source] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      .filter { ($0 as NSString).pathExtension.lowercased() == "csv" }
    guard !names.isEmpty else {
      throw PipelineError.usage(
        "\(folder.path) is no folder with .csv files; what scripts/gather-tables wrote would be right")
    }
    var sources = try names.map { name in
      let file = folder.appendingPathComponent(name)
      return Source(table: try Table(contentsOf: file), digest: try Digest.sha256(of: file))
    }
    if let pictures {
      let all = try LabelledImages(folder: pictures, split: .train)
        .spread(settings.mostLearned + settings.mostTested)
      sources.append(
        Source(table: try Table(all, name: pictures.lastPathComponent), digest: try all.digest()))
    }
    return sources
  }

  func callAsFunction(_ sources: [Source]) throws -> ([LearningCurve], [FeatureGrowth]) {
    let curves = try sources.map { source in
      let table = source.table
      let learners = Learner.all(for: table.columns)
      return try store.result(
        "curve-\(table.name)", settings: Key(settings: settings, file: source.digest, learners: learners)
      ) {
        try timed("\(table.name), learning curve", splits: settings.splits) {
          try LearningCurve(
            table, learners: learners, settings: settings, workers: workers, afterEach: $0)
        }
      }
    }
    let wide = zip(sources, curves).filter { source, curve in
      let features = source.table.columns.features
      return features >= Self.wide.features && curve.sizes.last! >= Self.wide.rowsEach * features
    }
    let growths = try wide.map { source, curve in
      let table = source.table
      let learners = [curve.partner, .looseLogistic]
      return try store.result(
        "growth-\(table.name)", settings: Key(settings: settings, file: source.digest, learners: learners)
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
