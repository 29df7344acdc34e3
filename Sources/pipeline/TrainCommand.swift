import ArgumentParser
import Foundation
import Logging
import PipelineKit

/// `pipeline train TASK --model NAME --data …`: makes weights by the recipe in the specification.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model by the recipe in the task's specification.",
    discussion: """
      Ctrl-C and --time-limit stop at a checkpoint; --resume goes on from it, to the weights of an uninterrupted run.
      The path of the weights goes to standard output.
      """)

  @Argument(help: "A task; `pipeline list` names them.")
  var task: String

  @Argument(parsing: .allUnrecognized, help: "The task's own options.")
  var options: [String] = []

  @Option(help: ArgumentHelp("The model whose recipe is followed.", valueName: "name"))
  var model: String?

  @Option(help: .hidden)
  var family: String?

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Files and folders to train on.", valueName: "path"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "For checkpoints, log and weights; otherwise checkpoints/<task>/<model>.", valueName: "folder"))
  var folder: String?

  @Flag(help: "Go on from the checkpoint.")
  var resume = false

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("Weights to begin with instead of fresh ones.", valueName: "file"))
  var start: String?

  @Option(help: ArgumentHelp("Stop at a checkpoint after so long: 90s, 9m or 1h.", valueName: "time"))
  var timeLimit: String?

  @Option(help: ArgumentHelp("Steps instead of the recipe's.", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Seed instead of the recipe's.", valueName: "n"))
  var seed: UInt64?

  @Flag(help: "At the end, put the weights beside the specification, where `run` takes them from.")
  var publish = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let steps, !(1...100_000_000).contains(steps) {
      throw ValidationError("--steps is \(steps); a whole number from 1 to 100000000 would be right")
    }
  }

  func run() throws {
    let task = try TaskRegistry.all.task(named: task, for: .train)
    guard let trainable = task as? any TrainableTask else {
      throw PipelineError.usage("task '\(task.name)' cannot be trained")
    }
    let specification = try task.specification(in: PipelineHome())
    var given = try GivenOption.parse(options, task.options, owner: "task '\(task.name)'")
    // Another name for the model, but for tasks whose recipes are for any family.
    let hasFamilies = task.options.contains { $0.name == "family" }
    if hasFamilies, let family { given["family"] = .commandLine("family", family) }
    let model = try specification.model(named: model ?? (hasFamilies ? nil : family))
    let checked = try Options(
      task.options, owner: "task '\(task.name)'", given: given, fallbacks: specification.defaults)
    let variant = given.values.map(\.value).sorted().map { "-\($0)" }.joined()
    let folder = folder ?? "checkpoints/\(task.name)/\(model.name)\(variant)"
    let request = TrainingRequest(
      model: model.name, options: checked, data: data.map { URL(fileURLWithPath: $0) },
      folder: URL(fileURLWithPath: folder),
      resume: resume, start: start.map { URL(fileURLWithPath: $0) },
      timeLimit: try timeLimit.map(Self.seconds), steps: steps, seed: seed, workers: common.workers,
      device: common.device ?? "cpu", log: common.log, progress: common.progress)
    // Hours of work are not for nothing.
    let published = try publish ? trainable.publishedWeights(request, specification) : nil
    let report = try trainable.train(request, specification)
    var weights = report.weights
    if let published, report.isFinished {
      try AtomicFile.write(FileBytes.read(weights), to: published)
      weights = published
    }
    if !report.isFinished {
      common.log.info("stopped at a checkpoint; the same command with --resume goes on")
    }
    let path = weights.relativePath
    try printResult(
      path,
      json: [
        "task": task.name, "model": model.name, "weights": path, "finished": report.isFinished,
        "figures": report.figures,
      ], asJSON: common.json)
    try Interrupt.check()
  }

  /// `90s`, `9m`, `1h`, or a number of seconds.
  static func seconds(_ text: String) throws -> Double {
    let factors: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let factor = text.last.flatMap { factors[$0] }
    guard let number = Double(factor == nil ? text : String(text.dropLast())), number.isFinite, number > 0
    else {
      throw PipelineError.usage("--time-limit is '\(text)'; 90s, 9m or 1h would be right")
    }
    return number * (factor ?? 1)
  }
}
