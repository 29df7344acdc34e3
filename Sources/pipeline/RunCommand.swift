import ArgumentParser
import Foundation
import Logging
import MediaIO
import PipelineKit
import Synchronization

/// `pipeline run TASK INPUT`: draws x given y.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Draw x given y: run a task's pipeline on an input.",
    usage: "pipeline run <task> [<input> ...] [-o <output>] [--option value ...]",
    discussion: TaskRegistry.all.tasks.filter { $0.verbs.contains(.run) }.map(taskHelp).joined(
      separator: "\n\n"))

  @Argument(help: "A task; `pipeline list` names them.")
  var task: String

  @Argument(
    parsing: .allUnrecognized, help: "Files, folders, or - for standard input; and the task's own options.")
  var inputs: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "A file, a folder, or - for standard output; otherwise <input>-<task> in the working folder, and for text -.",
      valueName: "file"))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed; sample i of a seed is always the same.", valueName: "n"))
  var seed: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("How many samples.", valueName: "n"))
  var count: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Files that are worked on at once, of several.", valueName: "n"))
  var jobs = 1

  @Option(help: .hidden)
  var family: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs is \(jobs); 1 to 64 would be right") }
  }

  func run() throws {
    let registry = TaskRegistry.all
    let task = try registry.task(named: task, for: .run)
    let home = try PipelineHome()
    let specification = try task.specification(in: home)
    let descriptions = specification.stages.compactMap { registry.stages[$0.name] }.flatMap(\.options)
    let (paths, optionWords) = Self.split(inputs, descriptions)
    var given = try GivenOption.parse(optionWords, descriptions, owner: "task '\(task.name)'")
    try addCommon(to: &given, descriptions, task.name)
    if let output { try Self.addFormat(of: output, to: &given, task) }
    let pipeline = try registry.pipeline(ofTask: task.name, in: home, overriding: given)
    if let drawing = task as? any DrawingTask, pipeline.input == .text {
      return try draw(drawing, pipeline, paths)
    }
    if let answering = task as? any LineAnsweringTask, paths == ["-"], (output ?? "-") == "-" {
      return try StandardLines.answer(
        by: answering.answerer(pipeline.steps[0].options, pipeline.specification))
    }
    let plan = try RunPlan(
      inputs: paths, output: output, task: task, inputExtensions: task.inputExtensions)
    if let drawing = task as? any ConditionalDrawingTask {
      if try !drawing.isRandom(pipeline) { noteUnused(task.name) }
      if let draws = try drawing.draws(pipeline) { return try draw(draws, plan, task) }
    }
    let run = try PipelineRun(pipeline, of: task)
    if plan.isBatch { try runBatch(run, plan) } else { try runOne(run, plan.jobs[0], task.name) }
  }

  /// A task whose input is y in words, or nothing.
  private func draw(_ task: any DrawingTask, _ pipeline: Pipeline, _ words: [String]) throws {
    guard words.count <= 1 else {
      throw PipelineError.usage("'\(task.name)' takes y as one word or none, not \(words.count)")
    }
    let text =
      words.first == "-" ? try String(pipe: StandardStreams.read(), name: "standard input") : words.first
    let options = pipeline.steps[0].options
    let format = options.texts["format"] ?? task.outputExtension
    // Text is read where it is written.
    let given = output ?? (task is any WritingTask ? "-" : nil)
    let target = try DrawTarget(given, default: "\(task.name).\(format)", task: task)
    let context = common.context(source: task.name)
    if let writing = task as? any WritingTask {
      return try target.write(
        writing.texts(text ?? "", options, pipeline.specification, context: context), json: common.json)
    }
    if let sounding = task as? any SoundingTask {
      let sounds = try sounding.sounds(text ?? "", options, pipeline.specification, context: context)
      return try target.write(sounds, json: common.json)
    }
    try target.write(
      task.draw(text ?? "", options, pipeline.specification, context: context), json: common.json)
  }

  /// Several draws given one file.
  private func draw(
    _ draws: (Data, StageContext) throws -> DrawnFiles, _ plan: RunPlan, _ task: any PipelineTask
  ) throws {
    guard !plan.isBatch else {
      throw PipelineError.usage(
        "--count is \(count ?? "more than 1") with several inputs; one input, or one draw of each, would be right"
      )
    }
    let job = plan.jobs[0]
    let stem = job.input.map { $0.deletingPathExtension().lastPathComponent } ?? "stdin"
    let target = try DrawTarget(output, default: "\(stem)-\(task.name).\(task.outputExtension)", task: task)
    let data =
      try job.input.map { try FileBytes.read($0, check: Interrupt.check) } ?? StandardStreams.read()
    try target.write(draws(data, common.context(source: job.source)), json: common.json)
  }

  private func runOne(_ run: PipelineRun, _ job: RunPlan.Job, _ task: String) throws {
    if output?.hasSuffix("/") == true { try run.makeFolder(of: job) }
    let outcome = try run.perform(job, skipsDone: false, context: common.context(source: job.source))
    if let output = job.output { try report(job.source, output.relativePath, outcome, task) }
  }

  private func runBatch(_ run: PipelineRun, _ plan: RunPlan) throws {
    let progress = ProgressLine(task, total: plan.jobs.count, unit: "files", mode: common.progress)
    let failures = Mutex<[String]>([])
    try run.performAll(plan.jobs, parallel: jobs, workers: common.workers) { job, outcome in
      progress.advance()
      guard let output = job.output?.relativePath else { return }
      switch outcome {
      case .failed(let error): failures.withLock { $0.append(ExitReport(error).line ?? "\(error)") }
      case .skipped: progress.log("pipeline: \(output) is done already")
      case .written: try? report(job.source, output, outcome, task)
      }
    }
    progress.finish()
    let lines = failures.withLock { $0 }
    guard lines.isEmpty else {
      for line in lines { FileHandle.standardError.write(Data((line + "\n").utf8)) }
      throw PipelineError.data("\(lines.count) of \(plan.jobs.count) files failed, as listed above")
    }
  }

  private func report(_ input: String, _ output: String, _ outcome: PipelineRun.Outcome, _ task: String)
    throws
  {
    guard case .written(let bytes, let seconds) = outcome else { return }
    try printResult(
      output, json: ["task": task, "input": input, "output": output, "bytes": bytes, "seconds": seconds],
      asJSON: common.json)
  }

  /// The ending of `-o` says what is written.
  static func addFormat(of output: String, to given: inout [String: GivenOption], _ task: any PipelineTask)
    throws
  {
    let ending = (output as NSString).pathExtension.lowercased()
    guard task.outputExtensions.count > 1, task.outputExtensions.contains(ending) else { return }
    if let format = given["format"], format.value != ending {
      throw PipelineError.usage(
        "--format is '\(format.value)', but -o is '\(output)'; one of them, or both alike, would be right")
    }
    given["format"] = .commandLine("format", ending)
  }

  /// The common options go to the stages that have them; a task without randomness says so.
  private func addCommon(to given: inout [String: GivenOption], _ known: [OptionDescription], _ task: String)
    throws
  {
    for (name, value) in [
      ("device", common.device), ("seed", seed), ("count", count), ("model", family),
    ] {
      guard let value else { continue }
      if known.contains(where: { $0.name == name }) {
        given[name] = .commandLine(name, value)
      } else if name == "device" {
        guard value == "cpu" else {
          throw PipelineError.usage(
            "--device is '\(value)', but '\(task)' works on the CPU; 'cpu' would be right")
        }
      } else if let description = Specification.commonOptions.first(where: { $0.name == name }) {
        _ = try description.parse(value, place: "--\(name)")
        noteUnused(name, task)
      }
    }
  }

  private func noteUnused(_ option: String, _ task: String) {
    common.log.info("--\(option) changes nothing: '\(task)' gives the same result for every seed and draw")
  }

  /// The same of those that were given to a model that draws nothing.
  private func noteUnused(_ task: String) {
    for (name, value) in [("seed", seed), ("count", count)] where value != nil { noteUnused(name, task) }
  }

  /// Parts inputs from options by what is known of the options: a flag stands alone, another takes a value.
  static func split(_ words: [String], _ descriptions: [OptionDescription]) -> (
    inputs: [String], options: [String]
  ) {
    var inputs: [String] = []
    var options: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        inputs += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        inputs.append(word)
        continue
      }
      options.append(word)
      let isFlag = descriptions.contains {
        $0.form == .flag && (word == "--\($0.name)" || word == "--no-\($0.name)")
      }
      let isKnown = descriptions.contains { word == "--\($0.name)" }
      if isKnown, !isFlag, let value = rest.first, !value.hasPrefix("--") {
        options.append(value)
        rest.removeFirst()
      }
    }
    return (inputs, options)
  }

  private static func taskHelp(_ task: any PipelineTask) -> String {
    let stages = task.stages.flatMap(\.options)
    let options = stages.filter { option in option.name != "device" }.map { "  \($0.helpLine)" }
    return (["\(task.name): \(task.summary), \(task.statement)"] + options).joined(separator: "\n")
  }
}
