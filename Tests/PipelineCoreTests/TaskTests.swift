import Foundation
import MediaIO
import Testing

@testable import PipelineCore

private struct ToyTask: PipelineTask {
  var name = "toy"
  let summary = "Brightens"
  let outputExtension = "txt"
  let statement = "P(bright picture | picture)"
  var verbs: Set<Verb> = [.run, .evaluate]
  var options: [OptionDescription] { [.integer("amount", help: "")] }
  var stages: [StageDefinition] = Toy.registry.all.filter { $0.name == "brighten" }
}

/// A folder of its own, removed at the end.
private final class Folder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("core-\(UUID().uuidString)")
  func write(_ path: String, _ text: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
  deinit { try? FileManager.default.removeItem(at: url) }
}

struct TaskTests {
  private let registry = TaskRegistry(
    [ToyTask(), ToyTask(name: "speech", verbs: [.score], stages: [])],
    commonStages: Toy.registry.all.filter { $0.name != "brighten" })

  @Test func unknownNames() throws {
    #expect(try registry.task(named: "toy").name == "toy")
    #expect(
      line { _ = try registry.task(named: "speach") }
        == "unknown task 'speach'; did you mean 'speech'? (known: speech, toy)")
    #expect(
      line { _ = try registry.task(named: "toy", for: .score) }
        == "task 'toy' cannot score; it can evaluate, run (tasks that can score: speech)")
    #expect(
      line { _ = try registry.task(named: "toy", for: .embed) }
        == "task 'toy' cannot embed; it can evaluate, run")
    #expect(try registry.task(named: "speech", for: .score).name == "speech")
    #expect(registry.owner(ofStage: "brighten")?.name == "toy")
    #expect(registry.owner(ofStage: "decode-toy") == nil)
    #expect(
      line {
        _ = try registry.environment(
          ofStage: "brigthen", in: PipelineHome(pipelines: URL(fileURLWithPath: "/")))
      }
      .hasPrefix("unknown stage 'brigthen'; did you mean 'brighten'?"))
  }

  @Test func pipelinesLoadFromTheirHome() throws {
    let folder = Folder()
    let head = "version: 1\nsummary: s\ndefaults: {amount: 4}\nstages: [decode-toy, brighten, encode-toy]\n"
    try folder.write("pipelines/toy/pipeline.yaml", "task: toy\n" + head)
    try folder.write("pipelines/speech/pipeline.yaml", "task: toy\n" + head)
    let home = PipelineHome(pipelines: folder.url.appendingPathComponent("pipelines"))
    let pipeline = try registry.pipeline(ofTask: "toy", in: home)
    let whole = try pipeline.stage().typed(Data.self, Data.self)(Toy.input, context: calm)
    #expect(whole.prefix(3) == Data([2, 3, 5]))

    // The stage alone takes the same defaults, so a shell pipe agrees.
    var pipe = Toy.input
    for name in ["decode-toy", "brighten", "encode-toy"] {
      let environment = try registry.environment(ofStage: name, in: home)
      pipe = try registry.stages.runInPipe(name, environment: environment, input: pipe, context: calm)
    }
    #expect(pipe == whole)
    #expect(
      line { _ = try registry.pipeline(ofTask: "speech", in: home) }
        .hasSuffix("speech/pipeline.yaml is of task 'toy'; 'speech' would be right"))
  }

  @Test func homesAreFoundInOrder() throws {
    let folder = Folder()
    try folder.write("set/pipelines/a/pipeline.yaml", "")
    try folder.write("installed/share/pipeline/pipelines/a/pipeline.yaml", "")
    try folder.write("checkout/pipelines/a/pipeline.yaml", "")
    try folder.write("checkout/.build/release/pipeline", "")
    // Somebody else's folder on the way up.
    try folder.write("checkout/.build/pipelines/jenkins/file", "")
    func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }
    func home(_ executable: String, _ source: String = "/nowhere/Sources/Core/a.swift", set: String? = nil)
      throws
      -> String
    {
      let environment = set.map { ["PIPELINE_HOME": $0] } ?? [:]
      return try PipelineHome(environment: environment, executable: executable, source: source).pipelines.path
    }
    #expect(try home("/usr/bin/x", set: path("set")) == path("set/pipelines"))
    #expect(try home(path("installed/bin/pipeline")) == path("installed/share/pipeline/pipelines"))
    #expect(try home(path("checkout/.build/release/pipeline")) == path("checkout/pipelines"))
    #expect(
      try home("/usr/bin/x", path("checkout/Sources/PipelineCore/a.swift")) == path("checkout/pipelines"))
    #expect(
      line { _ = try home("/usr/bin/x") }
        == "there is no folder 'pipelines' with a specification in /usr/share/pipeline, /usr/bin, /usr, /nowhere; "
        + "set PIPELINE_HOME to the folder that holds it")
    #expect(
      line { _ = try home(path("checkout/.build/release/pipeline"), set: "/nowhere") }
        == "there is no folder 'pipelines' with a specification in /nowhere; set PIPELINE_HOME to the folder that holds it"
    )
  }

  @Test func optionsParse() throws {
    let number = OptionDescription.number("strength", in: 0...1, default: 0.5, help: "how much")
    #expect(try number.parse("1e-1", place: "--strength") == .number(0.1))
    #expect(
      line { _ = try number.parse("nan", place: "--strength") }
        == "--strength is 'nan'; a number from 0.0 to 1.0 would be right")
    #expect(
      line { _ = try OptionDescription.flag("tta", help: "").parse("yes", place: "--tta") }
        == "--tta is 'yes'; true or false would be right")
    let options = try Options([number, .flag("tta", help: "")], owner: "stage 'x'")
    #expect(options.number("strength") == 0.5 && !options.flag("tta"))
    #expect(options.texts == ["strength": "0.5", "tta": "false"])
    #expect(
      line {
        _ = try Options([number], owner: "stage 'x'", given: ["strenght": .commandLine("strenght", "1")])
      }
        == "--strenght: stage 'x': unknown option 'strenght'; did you mean 'strength'? (known: strength)")
  }

  @Test func argumentsParse() throws {
    let descriptions = [
      OptionDescription.number("strength", in: 0...1, default: 0.5, help: "how much"),
      .flag("tta", help: "eight ways"), .text("model", help: "the model"),
    ]
    func parsed(_ arguments: String...) throws -> [String: String] {
      try GivenOption.parse(arguments, descriptions, owner: "stage 'x'").mapValues(\.value)
    }
    #expect(try parsed() == [:])
    #expect(
      try parsed("--strength", "0.3", "--tta", "--model=a=b") == [
        "strength": "0.3", "tta": "true", "model": "a=b",
      ])
    #expect(try parsed("--no-tta", "--model", "-3") == ["tta": "false", "model": "-3"])
    #expect(
      line { _ = try parsed("--strenght", "1") }
        == "stage 'x': unknown option '--strenght'; did you mean '--strength'? (known: --model, --strength, --tta)"
    )
    #expect(line { _ = try parsed("--model") } == "stage 'x': --model wants a value (text)")
    #expect(line { _ = try parsed("--model", "--tta") } == "stage 'x': --model wants a value (text)")
    #expect(line { _ = try parsed("--tta", "--tta") } == "stage 'x': --tta is given twice")
    #expect(
      line { _ = try parsed("in.png") }
        == "stage 'x': 'in.png' is not an option; the input comes through standard input")
    #expect(
      descriptions.map(\.helpLine) == [
        "--strength  how much (a number from 0.0 to 1.0; 0.5 unless given)", "--tta  eight ways",
        "--model  the model (text; must be given)",
      ])
  }
}
