internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// How episodes of a policy went.
struct Rollouts {
  struct Episode: Decodable {
    var seed: Int
    /// nil where an environment has none.
    var `return`: Double?
    var success: Bool
    var steps: Int
  }

  var episodes: [Episode] = []
  /// Of environments on a plane, for a plot.
  var paths: [[SIMD2<Float>]] = []
  var outcomes: [ObstacleCourse.Outcome] = []

  /// On the course with two ways.
  init(course policy: Policy, firstSeed: Int, count: Int, executed: Int, workers: Int) throws {
    guard policy.observationSize == 2, policy.actionSize == 2, policy.tasks.isEmpty else {
      throw PipelineError.usage(
        "the policy takes \(policy.observationSize) numbers and gives \(policy.actionSize); on the \(ObstacleCourse.name) 2 and 2, of one task, would be right"
      )
    }
    let runs = try ChunkRunner(workers: workers).map(count) {
      index -> ([SIMD2<Float>], ObstacleCourse.Outcome) in
      try Interrupt.check()
      let seed = UInt64(firstSeed + index)
      var path = [ObstacleCourse.start(seed: seed)]
      var step = 0
      while true {
        let seen = path.suffix(policy.history).map { [$0.x, $0.y] }
        for action in try policy.actions(given: seen, seed: seed, step: step).prefix(executed) {
          path.append(ObstacleCourse.moved(path[path.count - 1], SIMD2(action[0], action[1])))
          if let outcome = ObstacleCourse.outcome(path) { return (path, outcome) }
        }
        step += 1
      }
    }
    for (index, run) in runs.enumerated() {
      paths.append(run.0)
      outcomes.append(run.1)
      episodes.append(
        Episode(
          seed: firstSeed + index, return: nil, success: run.1 == .passedAbove || run.1 == .passedBelow,
          steps: run.0.count - 1))
    }
  }

  /// In a real environment: a script of Python's runs it and asks the policy, which is this program as a co-process.
  /// - Parameters:
  ///   - script: `samples/imitation/rollout.py`.
  ///   - arguments: of the script.
  /// - Throws: `PipelineError` of kind `.data` with the script's own last words when it fails.
  init(python: String, script: URL, arguments: [String], report: () -> Void) throws {
    guard FileManager.default.fileExists(atPath: script.path) else {
      throw PipelineError.data("\(script.path) is missing; it runs the environments")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script.path] + arguments
    let (output, errors) = (
      Pipe(),
      FileManager.default.temporaryDirectory.appendingPathComponent(
        "pipeline-rollout-\(ProcessInfo.processInfo.processIdentifier).log")
    )
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    do { try process.run() } catch { throw PipelineError.data("\(python) cannot be started") }
    defer { if process.isRunning { process.terminate() } }
    var rest = Data()
    while let piece = try output.fileHandleForReading.read(upToCount: 1 << 12), !piece.isEmpty {
      rest += piece
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        guard let episode = try? JSONDecoder().decode(Episode.self, from: rest[rest.startIndex..<end]) else {
          throw PipelineError.data("\(script.lastPathComponent) wrote a line that is no episode")
        }
        try Interrupt.check()
        episodes.append(episode)
        report()
        rest = Data(rest[(end + 1)...])
      }
    }
    process.waitUntilExit()
    try Interrupt.check()
    guard process.terminationStatus == 0 else {
      let said = String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self)
      let last = said.split(separator: "\n").last.map { ": \($0)" } ?? ""
      let hint =
        said.contains("ModuleNotFoundError")
        ? "; it wants pip install \"gymnasium[box2d]\" metaworld gym-pusht" : ""
      throw PipelineError.data("\(script.lastPathComponent) failed\(last)\(hint)")
    }
  }

  /// In the order of `Imitation.columns`.
  var figures: [Double?] {
    let success = meanWithError(episodes.map { $0.success ? 100 : 0 })
    let returned = episodes.compactMap(\.return)
    let returns = returned.isEmpty ? nil : meanWithError(returned)
    func share(_ outcome: ObstacleCourse.Outcome) -> Double? {
      outcomes.isEmpty ? nil : 100 * Double(outcomes.count { $0 == outcome }) / Double(outcomes.count)
    }
    return [
      Double(episodes.count), returns?.mean, returns?.standardError, success.mean, success.standardError,
      meanWithError(episodes.map { Double($0.steps) }).mean, share(.passedAbove), share(.passedBelow),
    ]
  }
}
