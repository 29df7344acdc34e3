internal import Foundation
internal import PipelineCore
internal import SwiftCSV

/// A table of comma-separated values with a header: columns `episode`, `observation.0`, `observation.1` …, `action.0` …, and
/// `task`, `time` and `executed.0` … where there are such.
enum DemonstrationTable {
  static func rows(_ data: Data, name: String) throws -> [Demonstrations.Row] {
    guard let text = String(validating: data, as: UTF8.self) else {
      throw PipelineError.data("\(name) is not UTF-8")
    }
    let table: CSV<Enumerated>
    do { table = try CSV<Enumerated>(string: text, delimiter: .comma) } catch {
      throw PipelineError.data("\(name) is not a table of comma-separated values")
    }
    let header = table.header.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    guard let episode = header.firstIndex(of: "episode") else {
      throw PipelineError.data(
        "\(name) has no column 'episode'; episode, observation.0 …, action.0 … would be right")
    }
    func columns(_ kind: String) throws -> [Int] {
      let count = header.count { $0.hasPrefix("\(kind).") }
      guard count > 0 else { throw PipelineError.data("\(name) has no column '\(kind).0'") }
      return try (0..<count).map { index in
        guard let column = header.firstIndex(of: "\(kind).\(index)") else {
          throw PipelineError.data(
            "\(name) has \(count) columns '\(kind).…', but none named '\(kind).\(index)'")
        }
        return column
      }
    }
    let (seen, done) = (try columns("observation"), try columns("action"))
    let carriedOut = header.contains { $0.hasPrefix("executed.") } ? try columns("executed") : nil
    let (task, time) = (header.firstIndex(of: "task"), header.firstIndex(of: "time"))
    return try table.rows.enumerated().map { index, cells in
      let place = "\(name):\(index + 2)"
      // All rows are padded to the longest.
      guard cells.count >= header.count, cells[header.count...].allSatisfy(\.isEmpty) else {
        throw PipelineError.data("\(place) has more cells than the header's \(header.count), or less")
      }
      if let task, cells[task].isEmpty { throw PipelineError.data("\(place) has no task") }
      func number(_ column: Int) throws -> Double {
        guard let value = Double(cells[column].trimmingCharacters(in: .whitespaces)) else {
          throw PipelineError.data("\(place): '\(header[column])' is '\(cells[column])', not a number")
        }
        return value
      }
      return .init(
        place: place, episode: cells[episode], task: task.map { cells[$0] }, time: try time.map(number),
        observation: try seen.map { Float(try number($0)) }, action: try done.map { Float(try number($0)) },
        executed: try carriedOut?.map { Float(try number($0)) })
    }
  }
}
