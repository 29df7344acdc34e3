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
    /// Lines that had been answered when it was last asked for.
    var lastUse = 0
  }

  private let policy: Policy
  private let seed: UInt64
  private let measuresSurprise: Bool
  private let task: String
  private var episodes: [String: Episode] = [:]
  private var begun = 0
  private var answers = 0

  /// Episodes that are remembered at once; the one that is longest unused is forgotten first.
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
    let known = line.reset == true ? nil : episodes[key]
    var episode = known ?? Episode(index: begun)
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
    var mean: Double?
    if measuresSurprise {
      let all = Array(episode.observations.suffix(1)) + rows
      for (index, action) in done.enumerated() {
        episode.logs.append(
          policy.logProbability(
            ofAction: action, before: all[index], behind: all[index + 1], task: episode.task))
      }
      episode.logs = episode.logs.suffix(Policy.surpriseWindow)
      // A mean over fewer varies more than what it is compared with.
      if episode.logs.count == Policy.surpriseWindow {
        mean = episode.logs.reduce(0, +) / Double(Policy.surpriseWindow)
      }
    }
    episode.observations = (episode.observations + rows).suffix(max(2, policy.history))
    episode.chunk = try policy.actions(
      given: episode.observations, task: episode.task, seed: seed, sample: episode.index, step: episode.step)
    episode.step += 1
    remember(episode, as: key, isNew: known == nil)
    return ActionAnswer(
      actions: episode.chunk, logProbability: mean, surprise: mean.flatMap(policy.surprise))
  }

  private func remember(_ episode: Episode, as key: String, isNew: Bool) {
    if isNew { begun += 1 }
    answers += 1
    var episode = episode
    episode.lastUse = answers
    episodes[key] = episode
    if episodes.count > Self.mostEpisodes,
      let oldest = episodes.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      episodes[oldest.key] = nil
    }
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
    for action in given {
      guard action.count == policy.actionSize else {
        throw PipelineError.data("an action has \(action.count) numbers; \(policy.actionSize) would be right")
      }
      guard policy.canMean(action) else {
        throw PipelineError.data("an action has a number that is too large")
      }
    }
    return given
  }
}
