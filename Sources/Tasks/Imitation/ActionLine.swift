internal import Foundation
internal import PipelineCore

/// A line that a control loop writes: what it has seen since its last line.
struct ActionLine: Decodable {
  /// The newest observation, or all since the last line, the oldest first.
  var observation: [Float]?
  var observations: [[Float]]?
  /// What was carried out between the observations: one less than they are, and one more where an earlier line had some. Nil
  /// for the policy's own actions.
  var actions: [[Float]]?
  /// Of several that the policy does.
  var task: String?
  /// True in the first line of a new episode.
  var reset: Bool?
  /// For loops that run several episodes at a time.
  var episode: EpisodeName?

  /// - Throws: `PipelineError` of kind `.data`.
  init(_ line: Data) throws {
    do { self = try JSONDecoder().decode(ActionLine.self, from: line) } catch {
      throw PipelineError.data("the line \(JSONFault(error).phrase)")
    }
  }
}

/// A line that is written back.
struct ActionAnswer: Encodable {
  /// `[horizon][actionSize]`.
  var actions: [[Float]]?
  /// log p of the last actions, on average, and the share of held-out steps that were less surprising; nil before there are as
  /// many as `Policy.surpriseWindow`.
  var logProbability: Double?
  var surprise: Double?
  var error: String?

  enum CodingKeys: String, CodingKey {
    case actions, surprise, error
    case logProbability = "log_probability"
  }

  var line: Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Texts and numbers always encode.
    return (try! encoder.encode(self)) + Data("\n".utf8)
  }
}
