internal import Foundation
internal import PipelineCore

/// JSON lines, a step each: `{"episode": "a", "time": 0.02, "observation": [0.1, 2], "action": [1]}`; `task` where there are
/// several, `time` where steps have one, `executed` where what was carried out is not what the demonstrator wanted.
enum DemonstrationLines {
  private struct Line: Decodable {
    var episode: EpisodeName
    var task: String?
    var time: Double?
    var observation: [Float]
    var action: [Float]
    var executed: [Float]?
  }

  static func rows(_ data: Data, name: String) throws -> [Demonstrations.Row] {
    let decoder = JSONDecoder()
    return try data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
      .compactMap { index, line in
        guard line.contains(where: { $0 > 32 }) else { return nil }
        let place = "\(name):\(index + 1)"
        do {
          let step = try decoder.decode(Line.self, from: line)
          return .init(
            place: place, episode: step.episode.text, task: step.task, time: step.time,
            observation: step.observation, action: step.action, executed: step.executed)
        } catch { throw PipelineError.data("\(place) \(JSONFault(error).phrase)") }
      }
  }
}
