import Foundation
import Testing

/// Text as a shell has it, with the committed weights.
struct TextTests {
  @Test func writesOn() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let arguments = [
      "run", "text-synth", "To be, or", "--style", "shakespeare", "--length", "120", "--seed", "3",
    ]
    let run = try tool(arguments)
    #expect(run.status == 0 && run.errors.isEmpty && run.text.hasPrefix("To be, or"), "\(run.errors)")
    #expect(run.output.count == 129)
    // libtorch is not needed, and the prompt may come by a pipe.
    let piped = try tool(
      ["run", "text-synth", "-"] + arguments[3...], input: Data("To be, or".utf8),
      environment: ["LIBTORCH": "/nowhere"])
    #expect(piped.output == run.output)
    // Beside others it is the same, in one file and in one each.
    let both = try tool(arguments + ["--count", "2", "-o", "both.txt"])
    #expect(both.text == "both.txt\n", "\(both.errors)")
    let whole = try String(contentsOfFile: tool.path("both.txt"), encoding: .utf8)
    let each = try tool(arguments + ["--count", "2", "-o", "each/"])
    #expect(each.text == "each/text-synth-0000.txt\neach/text-synth-0001.txt\n")
    let parts = try (0..<2).map {
      try String(contentsOfFile: tool.path("each/text-synth-000\($0).txt"), encoding: .utf8)
    }
    #expect(parts[0] == run.text)
    #expect(whole == parts[0] + (parts[0].hasSuffix("\n") ? "" : "\n") + "---\n" + parts[1])
    let stage = try tool(
      ["stage", "write-text", "--style", "shakespeare", "--length", "120", "--seed", "3"],
      input: Data("To be, or".utf8))
    #expect(stage.output == run.output, "\(stage.errors)")
  }

  @Test func knowsItsStyles() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let texts = [
      "scripture":
        "And the LORD said unto Moses, Speak unto the children of Israel, and say unto them, I am the LORD.",
      "shakespeare":
        "KING HENRY:\nWhat, is he dead? O my good lord, I would\nthou hadst not slain him; come, away with me!",
      "dictionary":
        "windlass: a machine for raising weights, having a drum or cylinder on which a rope is wound",
    ]
    for (style, text) in texts {
      let name = "\(style).txt"
      try Data(text.utf8).write(to: tool.folder.appendingPathComponent(name))
      let found = try tool(["classify", "text-synth", name])
      #expect(found.text.hasPrefix("\(name): \(style)"), "\(found.text)\(found.errors)")
      let own = try tool(["score", "text-synth", name, "--style", style, "--json"])
      let report = try #require(try JSONSerialization.jsonObject(with: own.output) as? [String: Any])
      #expect(report["kind"] as? String == "exact" && report["dimensions"] as? Int == text.utf8.count)
      #expect((report["bitsPerDimension"] as? Double ?? 9) < 3)
    }
    try Data(contentsOf: URL(fileURLWithPath: #filePath)).write(
      to: tool.folder.appendingPathComponent("code.txt"))
    let code = try tool(["classify", "text-synth", "code.txt"])
    #expect(code.status == 0 && code.text.contains("like nothing it was trained on"), "\(code.text)")
    let embedded = try tool([
      "embed", "text-synth", "scripture.txt", "dictionary.txt", "-o", "z.npy", "--json",
    ])
    #expect(
      embedded.text.contains("\"columns\":128") && embedded.text.contains("\"rows\":2"), "\(embedded.errors)")
  }

  @Test func wrongOnesGetOneLine() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try Data([0x61, 0xC3, 0x28]).write(to: tool.folder.appendingPathComponent("broken.txt"))
    try Data("no gap".utf8).write(to: tool.folder.appendingPathComponent("plain.txt"))
    for (arguments, status, complaint) in [
      (["run", "text-synth", "--length", "0"], 2, "--length is '0'"),
      (["run", "text-synth", "--top-p", "2"], 2, "--top-p is '2'"),
      (["run", "text-synth", "--temperature", "-1"], 2, "--temperature is '-1'"),
      (["run", "text-synth", "--style", "shakespear"], 2, "did you mean 'shakespeare'"),
      (["run", "text-synth", "--weights", "plain.txt"], 1, "plain.txt"),
      (["run", "text-synth", "a", "b"], 2, "as one word or none"),
      (["run", "text-synth", "-o", "text.png"], 2, ".txt"),
      (["score", "text-synth", "nowhere.txt"], 1, "nowhere.txt"),
      (["score", "text-synth", "broken.txt"], 1, "not UTF-8: byte 2"),
      (["classify", "text-synth", "broken.txt"], 1, "not UTF-8"),
      (["complete", "text-synth", "plain.txt"], 2, "no gap '[...]'"),
    ] as [([String], Int32, String)] {
      let wrong = try tool(arguments)
      #expect(wrong.status == status && wrong.errors.contains(complaint), "\(arguments): \(wrong.errors)")
      #expect(wrong.output.isEmpty && wrong.errors.split(separator: "\n").count == 1, "\(wrong.errors)")
    }
  }
}
