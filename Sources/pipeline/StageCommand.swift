import ArgumentParser
import Foundation
import PipelineKit

/// `pipeline stage NAME < input > output`: one stage, in a shell pipe.
struct StageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage", abstract: "Run one stage between standard input and standard output.",
    usage: "pipeline stage <name> [--option value ...] < input > output",
    discussion: TaskRegistry.all.stages.all.map { stage in
      (["\(stage.name): \(stage.summary) (\(stage.input.phrase) → \(stage.output.phrase))"]
        + stage.options.map { "  \($0.helpLine)" }).joined(separator: "\n")
    }.joined(separator: "\n\n"))

  @Argument(help: "A stage; `pipeline list` names them.")
  var name: String

  @Argument(parsing: .allUnrecognized, help: "The stage's own options.")
  var options: [String] = []

  @OptionGroup var common: CommonOptions

  func run() throws {
    let registry = TaskRegistry.all
    let stage = try registry.stages.stage(named: name)
    var given = try GivenOption.parse(options, stage.options, owner: "stage '\(name)'")
    if let device = common.device {
      guard stage.options.contains(where: { $0.name == "device" }) else {
        throw PipelineError.usage("stage '\(name)' has no --device: it does no tensor work")
      }
      given["device"] = .commandLine("device", device)
    }
    let environment = try registry.environment(ofStage: name, in: PipelineHome())
    // Options are checked before standard input is waited for.
    _ = try stage.options(given, in: environment)
    let input = try StandardStreams.read()
    let output = try registry.stages.runInPipe(
      name, options: given, environment: environment, input: input,
      context: common.context(source: "standard input"))
    try StandardStreams.write(output)
  }
}
