internal import Foundation
internal import Torch
internal import TorchNN

/// Demonstrations as training takes them: at any step what was seen, and what was done from there on.
struct PolicySteps: Sendable {
  struct Batch {
    /// `[N, condition]`.
    let told: Tensor
    /// `[N, horizon · actionSize]` over −1…1; behind an episode's end its last action goes on.
    let chunks: Tensor
    /// Observations before and behind an action that was carried out, and that action.
    let around: Tensor
    let last: Tensor
  }

  let demonstrations: Demonstrations
  private let description: PolicyDescription
  private let observationNoise: Float
  /// Each step's episode and place there.
  private let places: [(episode: Int, step: Int)]
  private let rows: [[[Float]]]
  /// Over −1…1.
  private let actions: [[[Float]]]
  private let executed: [[[Float]]]
  private let taskOf: [Int?]

  init(_ demonstrations: Demonstrations, _ description: PolicyDescription, observationNoise: Double) {
    self.demonstrations = demonstrations
    self.description = description
    self.observationNoise = Float(observationNoise)
    let (o, a) = (demonstrations.observationSize, demonstrations.actionSize)
    rows = demonstrations.episodes.map { episode in
      (0..<episode.actions.count / a).map { Array(episode.observations[$0 * o..<($0 + 1) * o]) }
    }
    func inside(_ values: [Float]) -> [[Float]] {
      (0..<values.count / a).map { description.inside(values[$0 * a..<($0 + 1) * a]) }
    }
    actions = demonstrations.episodes.map { inside($0.actions) }
    executed = demonstrations.episodes.map { inside($0.executed) }
    places = rows.enumerated().flatMap { episode, steps in steps.indices.map { (episode, $0) } }
    taskOf = demonstrations.episodes.map { episode in
      episode.task.flatMap { description.tasks.firstIndex(of: $0) }
    }
  }

  /// Rows of `noise` are any steps, all as probable.
  func batch(_ noise: BatchNoise) throws -> Batch {
    var (told, chunks, around, last): ([Float], [Float], [Float], [Float]) = ([], [], [], [])
    for row in noise.samples.indices {
      let (episode, step) = places[
        noise.row(row, stream: "step").integers(below: places.count, count: 1)[0]]
      let (seen, done) = (rows[episode], actions[episode])
      let start = max(0, step - description.history + 1)
      var condition = description.condition(
        seen[start...step], history: description.history, task: taskOf[episode])
      if observationNoise > 0 {
        let grain = noise.row(row, stream: "observation").normal(
          count: condition.count - description.tasks.count)
        for index in grain.indices { condition[index] += observationNoise * grain[index] }
      }
      told += condition
      for ahead in 0..<description.horizon { chunks += done[min(step + ahead, done.count - 1)] }
      // The last step has nothing behind it; the one before stands for it.
      let before = max(0, min(step, seen.count - 2))
      around += description.condition(
        [seen[before], seen[min(before + 1, seen.count - 1)]][...], history: 2, task: taskOf[episode])
      last += executed[episode][before]
    }
    let count = noise.samples.count
    return Batch(
      told: try Tensor(told, shape: [count, description.condition]),
      chunks: try Tensor(chunks, shape: [count, description.dimensions]),
      around: try Tensor(around, shape: [count, description.recent.condition]),
      last: try Tensor(last, shape: [count, description.actionSize]))
  }

  /// All chunks that follow one another, each with what is told of the moment before it; what is left at an episode's end is
  /// none.
  func wholeChunks() -> [(told: [Float], chunk: [Float])] {
    rows.indices.flatMap { episode in
      stride(from: 0, to: rows[episode].count - description.horizon + 1, by: description.horizon).map {
        step in
        (
          description.condition(
            rows[episode][max(0, step - description.history + 1)...step], history: description.history,
            task: taskOf[episode]),
          actions[episode][step..<step + description.horizon].flatMap { $0 }
        )
      }
    }
  }

  /// Every action carried out in an episode that has an observation behind it, with both around it; nil where there is none.
  func transitions(ofEpisode index: Int) throws -> (told: Tensor, actions: Tensor)? {
    guard rows[index].count >= 2 else { return nil }
    let count = rows[index].count - 1
    let around = (0..<count).flatMap {
      description.condition(rows[index][$0...$0 + 1], history: 2, task: taskOf[index])
    }
    return (
      try Tensor(around, shape: [count, description.recent.condition]),
      try Tensor(executed[index][..<count].flatMap { $0 }, shape: [count, description.actionSize])
    )
  }

  /// The mean and the deviation of each number observed; 1 for what does not change.
  static func moments(_ data: Demonstrations) -> PolicyDescription.Scaling {
    let size = data.observationSize
    let count = Double(data.steps)
    var (sums, squares) = ([Double](repeating: 0, count: size), [Double](repeating: 0, count: size))
    for episode in data.episodes {
      for (index, value) in episode.observations.enumerated() { sums[index % size] += Double(value) }
    }
    let means = sums.map { $0 / count }
    for episode in data.episodes {
      for (index, value) in episode.observations.enumerated() {
        squares[index % size] += (Double(value) - means[index % size]) * (Double(value) - means[index % size])
      }
    }
    let deviations = squares.map { ($0 / count).squareRoot() }
    return .init(
      shift: means.map(Float.init), scale: zip(deviations, means).map { $0 > 1e-6 * abs($1) ? Float($0) : 1 })
  }

  /// The middle and half of the range of each number of an action; 1 for what does not change, which is named.
  static func range(_ data: Demonstrations) -> (scaling: PolicyDescription.Scaling, constants: [Int]) {
    let size = data.actionSize
    var low = [Float](repeating: .infinity, count: size)
    var high = [Float](repeating: -.infinity, count: size)
    for episode in data.episodes {
      for (index, value) in episode.actions.enumerated() {
        low[index % size] = min(low[index % size], value)
        high[index % size] = max(high[index % size], value)
      }
    }
    let halves = zip(low, high).map { ($1 - $0) / 2 }
    let constants = halves.indices.filter { halves[$0] <= 1e-6 * max(abs(low[$0]), abs(high[$0])) }
    return (
      .init(
        shift: zip(low, high).map { ($0 + $1) / 2 },
        scale: halves.indices.map { constants.contains($0) ? 1 : halves[$0] }), constants
    )
  }

  /// Of all actions' numbers over −1…1.
  static func deviation(_ data: Demonstrations, _ scaling: PolicyDescription.Scaling) -> Double {
    let size = data.actionSize
    let values = data.episodes.flatMap { episode in
      episode.actions.enumerated().map { Double(($1 - scaling.shift[$0 % size]) / scaling.scale[$0 % size]) }
    }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return max(0.01, (variance + mean * mean).squareRoot())
  }
}
