import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import ImitationTask

/// Policies: trained, resumed, asked line by line, and scored.
struct ImitationTests {
  private let small: SmallPolicies

  init() throws { small = try SmallPolicies() }

  @Test(arguments: PolicyDescription.Family.allCases) func trainsStopsAndResumes(
    _ family: PolicyDescription.Family
  ) throws {
    let whole = try small.train("whole", family: family.rawValue)
    #expect(whole.isFinished)
    let stopped = try small.train("parts", family: family.rawValue, timeLimit: 1e-9)
    #expect(!stopped.isFinished)
    let resumed = try small.train("parts", family: family.rawValue, resume: true, workers: 1)
    #expect(resumed.isFinished)
    let (a, b) = (try Safetensors(contentsOf: whole.weights), try Safetensors(contentsOf: resumed.weights))
    #expect(a == b && !a.tensors.isEmpty)
    // It acts within what was demonstrated.
    let policy = try Policy(contentsOf: whole.weights)
    let actions = policy.actions(given: [[0.5, 0.5]], seed: 1)
    #expect(actions.count == 4 && actions.allSatisfy { $0.count == 2 && $0.allSatisfy { abs($0) <= 0.2501 } })
    #expect(actions == policy.actions(given: [[0.5, 0.5]], seed: 1))
    let isRandom = actions != policy.actions(given: [[0.5, 0.5]], seed: 2)
    #expect(isRandom == (family != .regression))
  }

  @Test func trainsOnItsOwnCourse() throws {
    let report = try small.train("course", model: "obstacle-course")
    let policy = try Policy(contentsOf: report.weights)
    let rollouts = try Rollouts(course: policy, firstSeed: 5, count: 6, executed: 2, workers: 2)
    #expect(rollouts.episodes.map(\.seed) == Array(5..<11) && rollouts.paths.count == 6)
    #expect(rollouts.episodes.allSatisfy { $0.steps <= ObstacleCourse.mostSteps })
    #expect(rollouts.figures.count == 8 && rollouts.figures[0] == 6)
    // Each episode is the same beside any others.
    let alone = try Rollouts(course: policy, firstSeed: 5, count: 2, executed: 2, workers: 1)
    #expect(alone.paths == Array(rollouts.paths[..<2]))
  }

  private func loop(_ weights: URL, _ given: [String: String] = [:]) throws -> ActionLoop {
    try Imitation.loop(small.options(weights, given), small.specification())
  }

  private func answer(_ loop: ActionLoop, _ line: String) -> ActionAnswer { loop.answer(Data(line.utf8)) }

  /// A wrong line is answered with what is wrong, and the loop goes on as if it had not been.
  @Test func theLoopSurvivesAnyLine() throws {
    let weights = try small.train("whole").weights
    let (loop, other) = (try loop(weights), try self.loop(weights))
    let first = answer(loop, "{\"observation\": [0.1, 0.2]}")
    #expect(first.actions?.count == 4 && first.error == nil)
    for (line, complaint) in [
      ("{\"observation\": [1]}", "has 1 numbers; 2"), ("{\"observation\": [1, null]}", "no number"),
      ("{\"observation\": [1, 1e99]}", "too large"), ("{}", "lacks 'observation'"), ("[]", "no JSON object"),
      ("\u{0}", "not JSON"),
      ("{\"observations\": []}", "lacks 'observation'"),
      ("{\"observation\": [1, 2], \"task\": \"go\"}", "only one"),
      ("{\"observation\": [1, 2], \"actions\": [[1, 2], [1, 2]]}", "2 actions; 1"),
      ("{\"observation\": [1, 2], \"actions\": [[1]]}", "not 2 finite"),
    ] {
      let wrong = answer(loop, line)
      #expect(wrong.actions == nil && wrong.error?.contains(complaint) == true, "\(line)")
      #expect(!wrong.line.dropLast().contains(UInt8(ascii: "\n")) && wrong.line.last == UInt8(ascii: "\n"))
    }
    _ = answer(other, "{\"observation\": [0.1, 0.2]}")
    let second = "{\"observations\": [[0.2, 0.1], [0.3, 0.1]]}"
    #expect(answer(loop, second).line == answer(other, second).line)
    #expect(String(decoding: loop.refusal("too long"), as: UTF8.self) == "{\"error\":\"too long\"}\n")
  }

  /// Episodes beside one another have their own memories, and a seed's episode is always the same.
  @Test func episodesDoNotKnowOneAnother() throws {
    let weights = try small.train("whole").weights
    let loop = try loop(weights, ["seed": "4"])
    func line(_ episode: String, _ x: Float) -> String {
      "{\"episode\": \"\(episode)\", \"observation\": [\(x), 0.5]}"
    }
    let mixed = [("a", 0.1), ("b", 0.7), ("a", 0.2), ("b", 0.6), ("a", 0.3)].map {
      answer(loop, line($0.0, Float($0.1))).line
    }
    let alone = try self.loop(weights, ["seed": "4"])
    #expect(
      [0.1, 0.2, 0.3].map { answer(alone, line("a", Float($0))).line } == [mixed[0], mixed[2], mixed[4]])
    // Begun anew it is another sample.
    let again = answer(alone, "{\"episode\": \"a\", \"reset\": true, \"observation\": [0.1, 0.5]}").line
    #expect(again != mixed[0])
    let second = try self.loop(weights, ["seed": "4"])
    _ = answer(second, line("x", 0))
    #expect(answer(second, line("y", 0.1)).line == again)
  }

  @Test func aFileIsAnsweredLikeALoop() throws {
    let weights = try small.train("whole").weights
    let stage = try Imitation().stages[0].make(
      small.options(weights), in: StageEnvironment(specification: small.specification()))
    let text = "{\"observation\": [0.1, 0.2]}\n\n{\"observation\": [0.2, 0.2]}\n"
    let loop = try loop(weights)
    let expected = ["{\"observation\": [0.1, 0.2]}", "{\"observation\": [0.2, 0.2]}"].map {
      answer(loop, $0).line
    }
    #expect(try stage(Data(text.utf8)) as? Data == expected.reduce(Data(), +))
    #expect {
      try stage(Data((text + "{\"observation\": [1]}").utf8))
    } throws: {
      ($0 as? PipelineError)?.kind == .data && "\($0)".contains("the input:4: the observation has 1")
    }
  }

  @Test func severalTasksAreTold() throws {
    let weights = try small.train("tasks", hasTasks: true).weights
    let loop = try loop(weights)
    #expect(answer(loop, "{\"observation\": [1, 2]}").error?.contains("come, go") == true)
    #expect(answer(loop, "{\"observation\": [1, 2], \"task\": \"gone\"}").error?.contains("go") == true)
    #expect(answer(loop, "{\"observation\": [1, 2], \"task\": \"go\"}").actions != nil)
    // An episode's task is remembered.
    #expect(answer(loop, "{\"observation\": [1, 2]}").actions != nil)
    #expect(throws: PipelineError.self) { try self.loop(weights, ["task": "nothing"]) }
    let told = try self.loop(weights, ["task": "come"])
    #expect(answer(told, "{\"observation\": [1, 2]}").actions != nil)
  }

  /// What was done is less probable when something else came of it.
  @Test func surpriseIsOfWhatCameOfActions() throws {
    let weights = try small.train("whole").weights
    let policy = try Policy(contentsOf: weights)
    let loop = try loop(weights, ["surprise": "true"])
    let first = answer(loop, "{\"observation\": [0.4, 0.4]}")
    #expect(first.surprise == nil && first.logProbability == nil)
    let second = answer(loop, "{\"observation\": [0.3, 0.3], \"actions\": [[-0.1, -0.1]]}")
    let expected = policy.logProbability(ofAction: [-0.1, -0.1], before: [0.4, 0.4], behind: [0.3, 0.3])
    #expect(abs(try #require(second.logProbability) - expected) < 1e-6)
    let surprise = try #require(second.surprise)
    #expect((0...1).contains(surprise) && surprise == policy.surprise(expected))
    // Two held-out episodes have four windows, and what is asked about counts as one more.
    #expect(try #require(policy.surprise(-1e9)) == 0.8 && #require(policy.surprise(1e9)) == 0)
  }

  @Test func scoresWhatHasADensity() throws {
    func score(_ family: PolicyDescription.Family, _ text: String) throws -> ScoreReport {
      let weights = try small.train("score", family: family.rawValue).weights
      let options = try Options(
        Imitation().options(of: .score), owner: "test",
        given: ["weights": .commandLine("weights", weights.path), "model": .commandLine("model", "point")])
      return try Imitation().score(
        InferenceRequest(input: Data(text.utf8), name: "in.jsonl", options: options), small.specification())
    }
    for (family, kind) in [
      (PolicyDescription.Family.mixtureDensity, "exact"), (.autoregressive, "exact"),
      (.diffusion, "estimate"),
    ] {
      let report = try score(family, SmallPolicies.lines())
      // Two whole chunks of four steps in each of eight episodes.
      #expect(report.dimensions == 8 * 2 * 4 * 2 && report.kind == kind && report.nats.isFinite)
      #expect((report.standardError != nil) == (family == .diffusion))
    }
    #expect {
      try score(.regression, SmallPolicies.lines())
    } throws: { ($0 as? PipelineError)?.kind == .usage && "\($0)".contains("mixture-density") }
    #expect {
      try score(.mixtureDensity, "{\"episode\": 1, \"observation\": [1], \"action\": [1]}")
    } throws: { ($0 as? PipelineError)?.kind == .data && "\($0)".contains("2 and 2 would be right") }
  }
}
