internal import Foundation
internal import PipelineCore

/// Answers a control loop, line by line: a chunk of actions for every observation. Each episode has its own memory.
final class ActionLoop {
  private struct Episode {
    /// Which sample of the seed it is.
    var index: Int
    /// The last ones, the oldest first.
    var observations: [[Float]] = []
    /// Lines that were answered.
    var step = 0
    /// What the policy said last.
    var chunk: [[Float]] = []
    /// log p of the last actions.
    var logs: [Double] = []
    var task: Int?
  }

  private let policy: Policy
  private let seed: UInt64
  private let measuresSurprise: Bool
  private let task: String
  private var episodes: [String: Episode] = [:]
  private var begun = 0

  /// Episodes that are remembered at once.
  private static let mostEpisodes = 10_000

  /// - Parameter task: that lines are of which name none.
  init(_ policy: Policy, seed: UInt64, measuresSurprise: Bool, task: String) {
    (self.policy, self.seed, self.measuresSurprise, self.task) = (policy, seed, measuresSurprise, task)
  }

  /// - Returns: the answer, an error among them: the loop goes on.
  func answer(_ line: Data) -> ActionAnswer {
    do { return try answered(line) } catch { return ActionAnswer(error: "\(error)") }
  }

  /// - Throws: `PipelineError` of kind `.data` that says what is wrong with the line; nothing of it is then remembered.
  func answered(_ line: Data) throws -> ActionAnswer {
    let line = try ActionLine(line)
    let rows = try observations(line)
    let key = line.episode?.text ?? ""
    var episode = try memory(key, line)
    if let name = line.task ?? (episode.task == nil && !task.isEmpty ? task : nil) {
      guard let place = policy.tasks.firstIndex(of: name) else {
        throw PipelineError.data(
          policy.tasks.isEmpty
            ? "the line names the task '\(name)', but this policy does only one"
            : NearestName.unknown("task", name, known: policy.tasks, listing: true))
      }
      episode.task = place
    }
    guard policy.tasks.isEmpty || episode.task != nil else {
      throw PipelineError.data(
        "the line names no task; \"task\", one of \(policy.tasks.joined(separator: ", ")), would be right")
    }
    let between = rows.count - (episode.observations.isEmpty ? 1 : 0)
    let done = try carriedOut(line, between, episode)
    if measuresSurprise {
      let all = Array(episode.observations.suffix(1)) + rows
      for (index, action) in done.enumerated() {
        episode.logs.append(
          policy.logProbability(
            ofAction: action, before: all[index], behind: all[index + 1], task: episode.task))
      }
      episode.logs = episode.logs.suffix(Policy.surpriseWindow)
    }
    episode.observations = (episode.observations + rows).suffix(max(2, policy.history))
    episode.chunk = policy.actions(
      given: episode.observations, task: episode.task, seed: seed, sample: episode.index, step: episode.step)
    episode.step += 1
    episodes[key] = episode
    var answer = ActionAnswer(actions: episode.chunk)
    if measuresSurprise, !episode.logs.isEmpty {
      let mean = episode.logs.reduce(0, +) / Double(episode.logs.count)
      (answer.logProbability, answer.surprise) = (mean, policy.surprise(mean))
    }
    return answer
  }

  private func memory(_ key: String, _ line: ActionLine) throws -> Episode {
    if line.reset != true, let episode = episodes[key] { return episode }
    guard episodes[key] != nil || episodes.count < Self.mostEpisodes else {
      throw PipelineError.data("more than \(Self.mostEpisodes) episodes at a time; \"reset\" begins one anew")
    }
    defer { begun += 1 }
    return Episode(index: begun)
  }

  private func observations(_ line: ActionLine) throws -> [[Float]] {
    guard let rows = line.observations ?? line.observation.map({ [$0] }), !rows.isEmpty else {
      throw PipelineError.data("the line lacks 'observation'")
    }
    for row in rows {
      guard row.count == policy.observationSize else {
        throw PipelineError.data(
          "the observation has \(row.count) numbers; \(policy.observationSize) would be right")
      }
      guard row.allSatisfy(\.isFinite) else {
        throw PipelineError.data("the observation has a number that is too large")
      }
    }
    return rows
  }

  /// One action for each two observations that follow one another.
  private func carriedOut(_ line: ActionLine, _ between: Int, _ episode: Episode) throws -> [[Float]] {
    guard let given = line.actions else { return Array(episode.chunk.prefix(between)) }
    guard given.count == between else {
      throw PipelineError.data(
        "the line has \(given.count) actions; \(between), one between each two observations, would be right")
    }
    guard given.allSatisfy({ $0.count == policy.actionSize && $0.allSatisfy(\.isFinite) }) else {
      throw PipelineError.data("an action has not \(policy.actionSize) finite numbers")
    }
    return given
  }
}
