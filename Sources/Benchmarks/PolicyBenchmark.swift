internal import Foundation
internal import ImitationTask

/// Chunks of actions, one at a time.
struct PolicyBenchmark {
  private let policy: Policy
  private let chunks: Int

  init(weights: String, chunks: Int) throws {
    policy = try Policy(contentsOf: URL(fileURLWithPath: weights))
    self.chunks = chunks
  }

  /// Milliseconds of each.
  func run() throws -> [Double] {
    let clock = ContinuousClock()
    let task = policy.tasks.isEmpty ? nil : 0
    return try (0..<chunks).map { index in
      let seen = [[Float](repeating: Float(index % 7) / 10, count: policy.observationSize)]
      var actions: [[Float]] = []
      let time = try clock.measure {
        actions = try policy.actions(given: seen, task: task, seed: 0, step: index)
      }
      precondition(actions.count == policy.horizon)
      return Double(time.components.attoseconds) * 1e-15 + Double(time.components.seconds) * 1e3
    }
  }
}
