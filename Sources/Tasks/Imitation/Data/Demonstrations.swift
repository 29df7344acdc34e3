internal import Foundation
internal import PipelineCore

/// What a demonstrator saw and did, episode by episode, a row each step.
public struct Demonstrations: Sendable, Equatable {
  /// One run from its start to its end.
  public struct Episode: Sendable, Equatable {
    public var name: String
    /// What was to be done, where demonstrations are of several tasks.
    public var task: String?
    /// `[steps, observationSize]`, row after row, in the data's own units.
    public var observations: [Float]
    /// What the demonstrator wanted to do, `[steps, actionSize]`.
    public var actions: [Float]
    /// What was carried out, where that is another thing.
    public var executed: [Float]
  }

  /// A step as a file has it, with the place by which messages call it.
  struct Row {
    var place: String
    var episode: String
    var task: String?
    var time: Double?
    var observation: [Float]
    var action: [Float]
    /// nil for the action.
    var executed: [Float]?
  }

  public let observationSize: Int
  public let actionSize: Int
  /// In the order of their names; empty where demonstrations name none.
  public let tasks: [String]
  public let episodes: [Episode]

  public var steps: Int { episodes.reduce(0) { $0 + $1.actions.count / actionSize } }

  /// A gap of so many times the usual time between two steps is an error.
  private static let gap = 1.5

  /// - Throws: `PipelineError` of kind `.data` that names the row: another width, a number that is not finite, an episode in
  ///   two pieces, time that goes back or leaps, or a task that only some have.
  init(_ rows: [Row], source: String) throws {
    guard let first = rows.first else { throw PipelineError.data("\(source) holds no step") }
    guard !first.observation.isEmpty, !first.action.isEmpty else {
      throw PipelineError.data("\(first.place) has no \(first.action.isEmpty ? "action" : "observation")")
    }
    (observationSize, actionSize) = (first.observation.count, first.action.count)
    var episodes: [Episode] = []
    var known: Set<String> = []
    var times: [[(time: Double, place: String)]] = []
    for row in rows {
      for (kind, values, wanted) in [
        ("observation", row.observation, observationSize), ("action", row.action, actionSize),
        ("executed", row.executed ?? row.action, actionSize),
      ] {
        guard values.count == wanted else {
          throw PipelineError.data(
            "\(row.place): \(kind) has \(values.count) numbers, where \(first.place) has \(wanted)")
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
          throw PipelineError.data("\(row.place): \(kind) \(index) is \(values[index]), not a finite number")
        }
      }
      guard (row.task == nil) == (first.task == nil) else {
        throw PipelineError.data(
          "\(row.place) names \(row.task == nil ? "no task" : "a task"), and \(first.place) \(first.task == nil ? "none" : "one")"
        )
      }
      if episodes.last?.name != row.episode {
        guard known.insert(row.episode).inserted else {
          throw PipelineError.data(
            "\(row.place) goes on with episode '\(row.episode)', which had ended before")
        }
        episodes.append(
          Episode(name: row.episode, task: row.task, observations: [], actions: [], executed: []))
        times.append([])
      }
      guard episodes[episodes.count - 1].task == row.task else {
        throw PipelineError.data("\(row.place) is of another task than its episode '\(row.episode)'")
      }
      episodes[episodes.count - 1].observations += row.observation
      episodes[episodes.count - 1].actions += row.action
      episodes[episodes.count - 1].executed += row.executed ?? row.action
      if let time = row.time { times[times.count - 1].append((time, row.place)) }
    }
    try Self.check(times)
    self.episodes = episodes
    tasks = Set(episodes.compactMap(\.task)).sorted()
  }

  private static func check(_ times: [[(time: Double, place: String)]]) throws {
    let steps = times.flatMap { zip($0, $0.dropFirst()).map { $1.time - $0.time } }.sorted()
    guard let usual = steps.isEmpty ? nil : steps[steps.count / 2] else { return }
    for episode in times {
      for (before, row) in zip(episode, episode.dropFirst()) {
        let step = row.time - before.time
        guard step > 0, step <= max(usual, 0) * gap + 1e-9 else {
          throw PipelineError.data(
            "\(row.place) is \(Float(step)) s after the step before, where \(Float(usual)) s is usual; a gap of time wants an "
              + "episode of its own")
        }
      }
    }
  }

  /// Several files' demonstrations as one.
  /// - Throws: `PipelineError` where they do not fit.
  init(joining parts: [(source: String, demonstrations: Demonstrations)]) throws {
    guard let first = parts.first else { throw PipelineError.data("there are no demonstrations") }
    for part in parts.dropFirst() {
      let (a, b) = (first.demonstrations, part.demonstrations)
      guard a.observationSize == b.observationSize, a.actionSize == b.actionSize else {
        throw PipelineError.data(
          "\(part.source) has \(b.observationSize) numbers observed and \(b.actionSize) acted with, where \(first.source) has "
            + "\(a.observationSize) and \(a.actionSize)")
      }
      guard a.tasks.isEmpty == b.tasks.isEmpty else {
        throw PipelineError.data("of \(first.source) and \(part.source) only one names its tasks")
      }
    }
    (observationSize, actionSize) = (first.demonstrations.observationSize, first.demonstrations.actionSize)
    episodes = parts.flatMap(\.demonstrations.episodes)
    tasks = Set(episodes.compactMap(\.task)).sorted()
  }

  /// The first episodes of each task.
  func prefix(_ count: Int) -> Demonstrations {
    var taken: [String: Int] = [:]
    return Demonstrations(
      of: self,
      episodes.filter {
        taken[$0.task ?? "", default: 0] += 1
        return taken[$0.task ?? "", default: 0] <= count
      })
  }

  init(_ episodes: [Episode], observationSize: Int, actionSize: Int) {
    (self.observationSize, self.actionSize, self.episodes) = (observationSize, actionSize, episodes)
    tasks = Set(episodes.compactMap(\.task)).sorted()
  }

  /// The same but for episodes that are left out.
  init(of other: Demonstrations, _ episodes: [Episode]) {
    (observationSize, actionSize, tasks) = (other.observationSize, other.actionSize, other.tasks)
    self.episodes = episodes
  }
}
