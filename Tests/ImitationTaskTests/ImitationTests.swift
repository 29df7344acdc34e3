import Conditioners
import Families
import Foundation
import PipelineCore
import TestSupport
import Testing
import Torch
import TorchNN

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
    let actions = try policy.actions(given: [[0.5, 0.5]], seed: 1)
    #expect(actions.count == 4 && actions.allSatisfy { $0.count == 2 && $0.allSatisfy { abs($0) <= 0.2501 } })
    #expect(try actions == policy.actions(given: [[0.5, 0.5]], seed: 1))
    let isRandom = try actions != policy.actions(given: [[0.5, 0.5]], seed: 2)
    #expect(isRandom == (family != .regression))
  }

  /// A transformer over time is trained as others are, acts without libtorch as its family draws on tensors, and leaves
  /// families without tokens alone.
  @Test func actionsThatAttendToOneAnother() throws {
    let whole = try small.train("whole", model: "temporal")
    #expect(try !small.train("parts", model: "temporal", timeLimit: 1e-9).isFinished)
    let resumed = try small.train("parts", model: "temporal", resume: true, workers: 1)
    #expect(try Safetensors(contentsOf: whole.weights) == Safetensors(contentsOf: resumed.weights))
    let policy = try Policy(contentsOf: whole.weights)
    let description = policy.description
    #expect(description.network.tokens == 4 && description.network.heads == 2)
    let network = try PolicyNetwork(description)
    try network.load(Safetensors(contentsOf: whole.weights), name: "whole")
    let told = description.condition([[0.5, 0.1]], history: 2, task: nil)
    let drawn = try Autograd.disabled {
      try PolicyFamily(description, network.actions).family.sample(
        given: .init(global: .init(told, shape: [1, told.count])),
        noise: BatchNoise(seed: 3, first: 0, count: 1)
      ).reshaped([description.dimensions]).floats()
    }
    let actions = try policy.actions(given: [[0.5, 0.1]], seed: 3)
    for (a, b) in zip(actions.joined(), description.outside(drawn).joined()) { #expect(abs(a - b) < 1e-5) }
    let plain = try small.train("plain", model: "temporal", family: "regression")
    #expect(try Policy(contentsOf: plain.weights).description.network.tokens == nil)
  }

  @Test func trainsOnItsOwnCourse() throws {
    let report = try small.train("course", model: "obstacle-course")
    let policy = try Policy(contentsOf: report.weights)
    let rollouts = try Rollouts(course: policy, firstSeed: 5, count: 6, executed: 2, workers: 2)
    let passed = rollouts.outcomes.count { $0 == .passedAbove || $0 == .passedBelow }
    #expect(abs(try #require(rollouts.figures[3]) - 100 * Double(passed) / 6) < 1e-9)
    #expect(Set(rollouts.paths.map { $0[0] }).count == 6)
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
    // Neither does one before the first.
    #expect(answer(loop, "{\"observation\": [0.1, 0.2], \"actions\": [[0, 0]]}").error != nil)
    #expect(answer(loop, "{\"observation\": [0.1, 0.2], \"task\": \"go\"}").error != nil)
    let first = answer(loop, "{\"observation\": [0.1, 0.2]}")
    #expect(first.actions?.count == 4 && first.error == nil)
    for (line, complaint) in [
      ("{\"observation\": [1]}", "has 1 numbers; 2"), ("{\"observation\": [1, null]}", "no number"),
      ("{\"observation\": [1, 1e99]}", "too large"), ("{}", "lacks 'observation'"), ("[]", "no JSON object"),
      ("\u{0}", "not JSON"),
      ("{\"observations\": []}", "lacks 'observation'"),
      ("{\"observation\": [1, 2], \"task\": \"go\"}", "only one"),
      ("{\"observation\": [1, 2], \"actions\": [[1, 2], [1, 2]]}", "2 actions; 1"),
      ("{\"observation\": [1, 2], \"actions\": [[1]]}", "1 numbers; 2"),
      ("{\"observation\": [1, 2], \"actions\": [[1e38, 0]]}", "too large"),
    ] {
      let wrong = answer(loop, line)
      #expect(wrong.actions == nil && wrong.error?.contains(complaint) == true, "\(line)")
      #expect(!wrong.line.dropLast().contains(UInt8(ascii: "\n")) && wrong.line.last == UInt8(ascii: "\n"))
    }
    #expect(answer(other, "{\"observation\": [0.1, 0.2]}").line == first.line)
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
    var place: [Float] = [0.4, 0.4]
    var answers = [answer(loop, "{\"observation\": \(place)}")]
    var logs: [Double] = []
    for step in 0..<9 {
      let action: [Float] = [-0.1, Float(step) / 100]
      let behind = zip(place, action).map { $0 + $1 }
      logs.append(policy.logProbability(ofAction: action, before: place, behind: behind))
      answers.append(answer(loop, "{\"observation\": \(behind), \"actions\": [\(action)]}"))
      place = behind
    }
    // Not before there are eight actions; then over the last eight.
    #expect(
      answers.prefix(8).allSatisfy { $0.surprise == nil && $0.logProbability == nil && $0.error == nil })
    for (answer, first) in zip(answers[8...], 0...) {
      let mean = logs[first..<first + 8].reduce(0, +) / 8
      #expect(abs(try #require(answer.logProbability) - mean) < 1e-3 * max(1, abs(mean)))
      #expect(try #require(answer.surprise) == policy.surprise(#require(answer.logProbability)))
    }
    // Two held-out episodes have two windows each, and what is asked about counts as one more.
    #expect(try #require(policy.surprise(-1e9)) == 0.8 && #require(policy.surprise(1e9)) == 0)
  }

  /// A number that never changed stays as it was, also where its family has noise.
  @Test func constantsAreKept() throws {
    let rows = (0..<40).map {
      "{\"episode\": \($0 / 10), \"observation\": [\($0 % 10)], \"action\": [0.5, \(Double($0) / 40)]}"
    }
    let file = try small.write(rows.joined(separator: "\n"), "constant.jsonl")
    let weights = try small.train("constant", family: "autoregressive", data: file).weights
    let policy = try Policy(contentsOf: weights)
    let actions = try (0..<20).flatMap { try policy.actions(given: [[3]], seed: 1, step: $0) }
    #expect(actions.allSatisfy { $0[0] == 0.5 && (0...0.975001).contains($0[1]) })
    // Each chunk has noise of its own: bins of one are not those of the next, moved by a place.
    let second = try (0..<2).map { try policy.actions(given: [[3]], seed: 1, step: $0).map { $0[1] } }
    #expect(Set(second[0]).isDisjoint(with: second[1]))
  }

  @Test func scoresWhatHasADensity() throws {
    func score(_ family: PolicyDescription.Family, _ text: String, unit: Float = 1) throws -> ScoreReport {
      let data = try small.write(SmallPolicies.lines(unit: unit), "scored.jsonl")
      let weights = try small.train("score", family: family.rawValue, data: data).weights
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
      // Of those that were trained on: beyond their actions, bins have no density.
      let text = SmallPolicies.lines().split(separator: "\n").prefix(30).joined(separator: "\n")
      let report = try score(family, text)
      // Two whole chunks of four steps in each of three episodes.
      #expect(report.dimensions == 3 * 2 * 4 * 2 && report.kind == kind && report.nats.isFinite)
      #expect((report.standardError != nil) == (family == .diffusion))
    }
    #expect(try score(.autoregressive, SmallPolicies.lines(unit: 100)).nats == -.infinity)
    // In units ten times as small, a density of as many numbers is ten times as small for each.
    let (one, ten) = (
      try score(.mixtureDensity, SmallPolicies.lines()),
      try score(.mixtureDensity, SmallPolicies.lines(unit: 10), unit: 10)
    )
    #expect(abs(one.nats - ten.nats - Double(one.dimensions) * log(10)) < 0.01 * abs(one.nats))
    #expect {
      try score(.regression, SmallPolicies.lines())
    } throws: { ($0 as? PipelineError)?.kind == .usage && "\($0)".contains("mixture-density") }
    #expect {
      try score(.mixtureDensity, "{\"episode\": 1, \"observation\": [1], \"action\": [1]}")
    } throws: { ($0 as? PipelineError)?.kind == .data && "\($0)".contains("2 and 2 would be right") }
  }
}
