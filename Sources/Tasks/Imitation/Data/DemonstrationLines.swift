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

/// An episode's name, which may be a number.
struct EpisodeName: Decodable, Hashable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      text = "\(number)"
    } else {
      text = try container.decode(String.self)
    }
  }
}

/// What is wrong with a line of JSON, for people.
struct JSONFault {
  let phrase: String

  init(_ error: any Error) {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: " ")
    }
    switch error {
    case DecodingError.keyNotFound(let key, _): phrase = "lacks '\(key.stringValue)'"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      let place = path(context)
      phrase =
        place.isEmpty
        ? "is no JSON object, {…}"
        : "has at '\(place)' no \(place.contains("[") ? "number" : "value of the right kind")"
    default: phrase = "is not JSON, or has a number that is too large (NaN and Infinity are none)"
    }
  }
}
