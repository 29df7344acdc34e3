internal import Foundation
internal import PipelineCore
internal import Torch

/// NumPy's `.npz`: `observations [N, O]`, `actions [N, A]`, and either `episodes [N]`, a number for each row, or
/// `episode_ends [E]`, the row behind each episode's last; `times [N]` in seconds and `executed [N, A]` where there are such.
enum DemonstrationArrays {
  static func rows(_ file: URL, name: String) throws -> [Demonstrations.Row] {
    let arrays = try NPZ(contentsOf: file).arrays
    func array(_ key: String) throws -> HostArray {
      guard let array = arrays[key] else {
        throw PipelineError.data(
          "\(name) has no array '\(key)'; it has \(arrays.keys.sorted().joined(separator: ", "))")
      }
      return array
    }
    func matrix(_ key: String) throws -> (rows: Int, columns: Int, values: [Float]) {
      let array = try array(key)
      guard array.shape.count == 2, array.count > 0 else {
        throw PipelineError.data("\(name): '\(key)' has shape \(array.shape); [rows, numbers] would be right")
      }
      return (array.shape[0], array.shape[1], try array.doubles().map(Float.init))
    }
    let (seen, done) = (try matrix("observations"), try matrix("actions"))
    let episodes = try Self.episodes(arrays, rows: seen.rows, name: name)
    let executed = arrays["executed"] == nil ? nil : try matrix("executed")
    let times = try arrays["times"]?.doubles()
    for (key, count) in [
      ("actions", done.rows), ("episodes", episodes.count), ("times", times?.count ?? seen.rows),
      ("executed", executed?.rows ?? seen.rows),
    ] {
      guard count == seen.rows else {
        throw PipelineError.data("\(name): '\(key)' has \(count) rows, where 'observations' has \(seen.rows)")
      }
    }
    return (0..<seen.rows).map { row in
      .init(
        place: "\(name), row \(row)", episode: "\(episodes[row])", task: nil, time: times?[row],
        observation: Array(seen.values[row * seen.columns..<(row + 1) * seen.columns]),
        action: Array(done.values[row * done.columns..<(row + 1) * done.columns]),
        executed: executed.map { Array($0.values[row * $0.columns..<(row + 1) * $0.columns]) })
    }
  }

  private static func episodes(_ arrays: [String: HostArray], rows: Int, name: String) throws -> [Int64] {
    if let each = arrays["episodes"] { return try each.int64s() }
    guard let ends = try arrays["episode_ends"]?.int64s() else {
      throw PipelineError.data("\(name) has neither 'episodes' nor 'episode_ends'")
    }
    guard zip([0] + ends, ends).allSatisfy({ $0 < $1 }), ends.last == Int64(rows) else {
      throw PipelineError.data("\(name): 'episode_ends' do not rise to \(rows), the number of rows")
    }
    return zip([0] + ends, ends).enumerated().flatMap { index, part in
      [Int64](repeating: Int64(index), count: Int(part.1 - part.0))
    }
  }
}
