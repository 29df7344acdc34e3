import Foundation
import Testing

@testable import PipelineCore

/// Every line that a user may read, letter by letter.
struct ErrorLineTests {
  static let head = "task: toy\nversion: 1\nsummary: s\n"

  @Test(arguments: [
    (
      "- decode-toy\n- describe\n- encode-toy",
      "stage 'encode-toy' wants an image but 'describe' gives text (pipeline.yaml:7)"
    ),
    ("- decode-tyo", "pipeline.yaml:5: unknown stage 'decode-tyo'; did you mean 'decode-toy'?"),
    (
      "- decode-toy\n- brighten: {amuont: 3}",
      "pipeline.yaml:6: 'amuont': stage 'brighten': unknown option 'amuont'; did you mean 'amount'? "
        + "(known: amount, mode)"
    ),
    (
      "- brighten:\n    amount: 300",
      "pipeline.yaml:6: 'amount' is '300'; a whole number from -255 to 255 would be right"
    ),
    (
      "- brighten: {mode: clop}",
      "pipeline.yaml:5: 'mode': unknown choice 'clop'; did you mean 'clip'? (known: clip, wrap)"
    ),
    ("- shout", "pipeline.yaml:5: stage 'shout' needs --mark (text): the mark"),
    (
      "- {a: 1, b: 2}",
      "pipeline.yaml:5: a stage is a table; '- name' or '- name: {option: value}' would be right"
    ),
    ("- brighten: 3", "pipeline.yaml:5: stage 'brighten' is '3'; a table 'key: value' would be right"),
    ("- brighten: {amount: [1]}", "pipeline.yaml:5: 'amount' is a list of 1; text would be right"),
  ])
  func stages(_ stages: String, _ expected: String) {
    let text = Self.head + "stages:\n" + stages
    #expect(line { _ = try Pipeline(try Specification(text), registry: Toy.registry) } == expected)
  }

  @Test(arguments: [
    ("stages: [a]\nsmapler: 1", "pipeline.yaml:5: unknown key 'smapler'; did you mean 'sampler'?"),
    ("stage: [a]", "pipeline.yaml:4: unknown key 'stage'; did you mean 'stages'?"),
    ("models: {}", "pipeline.yaml:1: the specification lacks the key 'stages' (a value)"),
    ("stages: []", "pipeline.yaml:4: 'stages' is a list of 0; a list of stages would be right"),
    (
      "stages: [a]\nstages: [b]", "pipeline.yaml:4: key 'stages' is given twice in the same table, here first"
    ),
    (
      "stages: [a]\ndefaults: {seed: -1}",
      "pipeline.yaml:5: 'seed' is '-1'; a whole number of at least 0 would be right"
    ),
    ("stages: [a]\ndefaults:\n  modle: x", "pipeline.yaml:6: unknown key 'modle'; did you mean 'model'?"),
    (
      "models: {photo: {weights: a}}\nstages: [a]\ndefaults: {model: foto}",
      "pipeline.yaml:6: 'model': unknown model 'foto'; did you mean 'photo'? (known: photo)"
    ),
    (
      "models: {photo: {weights: a}}\nstages: [a]\ndefaults: {scoring-model: foto}",
      "pipeline.yaml:6: 'scoring-model': unknown model 'foto'; did you mean 'photo'? (known: photo)"
    ),
    (
      "models: {m: {weight: a}}\nstages: [a]",
      "pipeline.yaml:4: unknown key 'weight'; did you mean 'weights'?"
    ),
    ("models: {m: {chunk: 2}}\nstages: [a]", "pipeline.yaml:4: model 'm' lacks the key 'weights' (text)"),
    (
      "models: {m: {weights: a, chunk: 0}}\nstages: [a]",
      "pipeline.yaml:4: 'chunk' is 0; 1 to 4096 would be right"
    ),
    (
      "models: {m: {weights: ../a}}\nstages: [a]",
      "pipeline.yaml:4: 'weights' is '../a'; a file beside the specification would be right"
    ),
    (
      "models: [a]\nstages: [a]",
      "pipeline.yaml:4: 'models' is a list of 1; a table 'key: value' would be right"
    ),
    ("stages: [a\n", "pipeline.yaml:5: not YAML: "),
    ("stages: *nowhere", "pipeline.yaml:4: not YAML: found undefined alias"),
  ])
  func specification(_ rest: String, _ expected: String) {
    let text = line { _ = try Specification(Self.head + rest) }
    #expect(text == expected || (expected.hasSuffix("not YAML: ") && text.hasPrefix(expected)))
  }

  @Test func heads() {
    #expect(line { _ = try Specification("") } == "pipeline.yaml is empty")
    #expect(
      line { _ = try Specification("- a") }
        == "pipeline.yaml:1: the specification is a list of 1; a table 'key: value' would be right")
    #expect(
      line { _ = try Specification("task: a\nversion: \"1\"") }
        == "pipeline.yaml:2: 'version' is the text '1'; a whole number would be right")
    #expect(
      line { _ = try Specification("task: a\nversion: 0") }
        == "pipeline.yaml:2: 'version' is 0; 1 to 9223372036854775807 would be right")
    #expect(
      line { _ = try Specification("task:") } == "pipeline.yaml:1: 'task' is nothing; text would be right")
    let missing = URL(fileURLWithPath: "/nowhere/pipeline.yaml")
    #expect(
      line { _ = try Specification(contentsOf: missing) }
        == "the specification /nowhere/pipeline.yaml cannot be read")
  }

  @Test func models() throws {
    let text =
      Self.head + "models: {photo: {weights: a.safetensors}, art: {weights: b.safetensors}}\nstages: [a]"
    let specification = try Specification(text)
    #expect(
      line { _ = try specification.model(named: "foto") }
        == "unknown model 'foto'; did you mean 'photo'? (known: art, photo)")
    #expect(
      line { _ = try specification.model() } == "task 'toy' has no default model; choose one of photo, art")
    #expect(try specification.model(named: "art").weights.path == "/tmp/toy/b.safetensors")
    let none = try Specification(Self.head + "stages: [a]")
    #expect(line { _ = try none.model() } == "task 'toy' has no model")
  }

  @Test func commandLine() throws {
    let specification = try Specification(Self.head + "stages: [decode-toy, brighten]")
    func given(_ name: String, _ value: String) -> String {
      line {
        _ = try Pipeline(
          specification, registry: Toy.registry, overriding: [name: .commandLine(name, value)])
      }
    }
    #expect(given("amount", "x") == "--amount is 'x'; a whole number from -255 to 255 would be right")
    #expect(given("amout", "1") == "task 'toy': unknown option '--amout'; did you mean '--amount'?")
    #expect(
      line { _ = try Toy.registry.stage(named: "bright") }
        == "unknown stage 'bright'; did you mean 'brighten'? "
        + "(known: brighten, decode-toy, describe, encode-toy, flatten, shout)")
  }

  @Test func errorsAreOneLineWithoutControlCharacters() {
    let error = PipelineError.data("a\r\n\n b\u{1B}[31mc\u{7}")
    #expect(error.description == "a  b\\u{1b}[31mc\\u{7}")
    #expect(ExitReport(error) == ExitReport(PipelineError.data(error.description)))
    #expect(ExitReport(error).status == 1)
    #expect(ExitReport(PipelineError.usage("x")).status == 2)
    #expect(ExitReport(PipelineError.usage("x")).line == "pipeline: x")
    #expect(ExitReport(Interrupted(signal: SIGINT)).status == 130)
    #expect(ExitReport(Interrupted(signal: SIGTERM)).status == 143)
    #expect(ExitReport(Interrupted(signal: SIGPIPE)).line == nil)
    struct Other: Error {}
    #expect(ExitReport(Other()).status == 1)
  }
}
