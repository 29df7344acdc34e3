import Foundation
import Testing

/// Policies as a control loop and a shell have them, with the committed weights.
struct PolicyTests {
  private struct Answer: Decodable {
    var actions: [[Double]]?
    var surprise: Double?
    var error: String?
  }

  private func answers(_ text: String) throws -> [Answer] {
    try text.split(separator: "\n").map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
  }

  private static let observations = Tool.root.appendingPathComponent("samples/imitation/observations.jsonl")
    .path

  @Test func aCoprocessAnswersEveryLine() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let good = "{\"observation\": [0, 1.4, 0, -0.1, 0, 0, 0, 0]}\n"
    let input = good + "nonsense\n" + "{\"observation\": [1]}\n" + String(repeating: good, count: 8)
    let asked = try tool(["run", "imitation", "-", "--surprise"], input: Data(input.utf8))
    #expect(asked.status == 0 && asked.errors.isEmpty)
    let answers = try answers(asked.text)
    #expect(answers.map { $0.actions?.count } == [4, nil, nil] + [Int?](repeating: 4, count: 8))
    #expect(
      answers[1].error?.contains("not JSON") == true && answers[2].error?.contains("8 would be right") == true
    )
    #expect(answers[0].surprise == nil && answers[10].surprise.map { (0...1).contains($0) } == true)
    // libtorch is not needed.
    let without = try tool(
      ["run", "imitation", "-", "--surprise"], input: Data(input.utf8), environment: ["LIBTORCH": "/nowhere"])
    #expect(without.output == asked.output)
  }

  @Test func aFileBecomesAFile() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let run = try tool(["run", "imitation", Self.observations, "--seed", "3"])
    #expect(run.status == 0 && run.text == "observations-imitation.jsonl\n", "\(run.errors)")
    let piped = try tool(["run", "imitation", Self.observations, "--seed", "3", "-o", "-"])
    #expect(
      try piped.output == Data(contentsOf: tool.folder.appendingPathComponent("observations-imitation.jsonl"))
    )
    let other = try tool(["run", "imitation", Self.observations, "--seed", "4", "-o", "-"])
    #expect(try answers(other.text).count == 24 && other.output != piped.output)
    // A line that does not fit is data at fault; an option that does not is usage.
    for (arguments, status, complaint) in [
      (
        ["--model", "meta-world", "--task", "push"], 1,
        "observations.jsonl:1: the observation has 8 numbers; 39"
      ),
      (["--model", "meta-world", "--task", "pull"], 2, "did you mean 'push'"),
      (["--task", "push"], 2, "does only one"), (["--weights", Self.observations], 1, "observations.jsonl"),
    ] as [([String], Int32, String)] {
      let wrong = try tool(["run", "imitation", Self.observations, "-o", "-"] + arguments)
      #expect(wrong.status == status && wrong.errors.contains(complaint), "\(wrong.errors)")
      #expect(wrong.output.isEmpty && wrong.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func bothWaysArePassed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let run = try tool([
      "evaluate", "imitation", "--model", "obstacle-course", "--episodes", "60", "--json", "--plot",
      "paths.svg",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data(run.text.utf8)) as? [String: Any])
    for (column, least) in [("success %", 95.0), ("above %", 20), ("below %", 20)] {
      #expect((row[column] as? Double ?? 0) >= least, "\(run.text)")
    }
    #expect(try String(contentsOfFile: tool.path("paths.svg"), encoding: .utf8).contains("stroke-dasharray"))
  }

  @Test func demonstrationsAreScored() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let file = Tool.root.appendingPathComponent("samples/imitation/demonstrations.jsonl").path
    let scored = try tool(["score", "imitation", file, "--chunks", "10"])
    #expect(
      scored.status == 0 && scored.text.contains("over 80 (flow-matching, estimate"), "\(scored.errors)")
    let wrong = try tool(["score", "imitation", file, "--model", "meta-world"])
    #expect(wrong.status == 1 && wrong.errors.contains("39 and 4 would be right"))
  }
}
