import ArgumentParser
import Foundation
import MediaIO
import PipelineKit

/// What `score`, `classify`, `complete` and `embed` have in common: a task, inputs, and the verb's own options.
struct InferenceArguments: ParsableArguments {
  @Argument(help: "A task; `pipeline list` names them.")
  var task: String

  @Argument(
    parsing: .allUnrecognized, help: "Files, or - for standard input; and the options of the task's verb.")
  var words: [String] = []

  @Option(help: ArgumentHelp("The model; also --family.", valueName: "name"))
  var model: String?

  @Option(help: .hidden)
  var family: String?

  @OptionGroup var common: CommonOptions

  /// The task, its specification and a request for each input.
  /// - Parameter output: what `-o` says, whose ending may say the format.
  func requests(_ verb: Verb, output: String? = nil) throws -> (
    task: any InferringTask, specification: Specification, requests: [() throws -> InferenceRequest]
  ) {
    let found = try TaskRegistry.all.task(named: task, for: verb)
    guard let inferring = found as? any InferringTask else {
      throw PipelineError.usage("task '\(task)' cannot \(verb.rawValue) one input")
    }
    let specification = try found.specification(in: PipelineHome())
    let owner = "\(verb.rawValue) \(task)"
    let descriptions = inferring.options(of: verb)
    var (inputs, optionWords) = RunCommand.split(words, descriptions)
    var given = try GivenOption.parse(optionWords, descriptions, owner: owner)
    if let name = inferring.wordsOption(of: verb), inputs.count > 1 {
      guard given[name] == nil else {
        throw PipelineError.usage(
          "'\(inputs[1])' is given, and --\(name) as well; one of them would be right")
      }
      given[name] = .commandLine(name, inputs[1...].joined(separator: "\n"))
      inputs = [inputs[0]]
    }
    if let name = inferring.inputOption(of: verb), let option = given.removeValue(forKey: name) {
      guard inputs.isEmpty else {
        throw PipelineError.usage(
          "'\(inputs[0])' is given, and --\(name) as well; one of them would be right")
      }
      inputs = [option.value]
    }
    if let output, descriptions.contains(where: { $0.name == "format" }) {
      try RunCommand.addFormat(of: output, to: &given, found)
    }
    if let model = model ?? family { given["model"] = .commandLine("model", model) }
    if let device = common.device, device != "cpu" {
      throw PipelineError.usage(
        "--device is '\(device)', but '\(owner)' works on the CPU; 'cpu' would be right")
    }
    let options = try Options(
      descriptions, owner: owner, given: given, fallbacks: specification.scoringDefaults)
    guard !inputs.isEmpty else {
      let other = inferring.inputOption(of: verb).map { ", or --\($0) with one" } ?? ""
      throw PipelineError.usage("\(owner) needs an input: a file\(other), or - for standard input")
    }
    let context = common.context
    let requests = inputs.map { input in
      {
        let name = input == "-" ? "standard input" : input
        let data =
          input == "-"
          ? try StandardStreams.read()
          : try FileBytes.read(URL(fileURLWithPath: input), check: Interrupt.check)
        return InferenceRequest(input: data, name: name, options: options, context: context(name))
      }
    }
    return (inferring, specification, requests)
  }

  /// Does each request, and goes on after one that fails.
  /// - Throws: `PipelineError` of kind `.data` that counts the failures; the only request's own error.
  func forEach(_ requests: [() throws -> InferenceRequest], _ body: (InferenceRequest) throws -> Void) throws
  {
    guard requests.count > 1 else { return try body(requests[0]()) }
    var failures = 0
    for request in requests {
      do { try body(request()) } catch let error as Interrupted { throw error } catch {
        failures += 1
        FileHandle.standardError.write(Data(((ExitReport(error).line ?? "\(error)") + "\n").utf8))
      }
    }
    guard failures == 0 else {
      throw PipelineError.data("\(failures) of \(requests.count) inputs failed, as listed above")
    }
  }

  func show(_ report: some VerbReport) throws {
    try StandardStreams.write(Data(((common.json ? report.json : report.text) + "\n").utf8))
  }

  /// The options of every task that can do `verb`, for its help.
  static func help(_ verb: Verb) -> String {
    TaskRegistry.all.tasks.compactMap { task in
      guard let task = task as? any InferringTask, task.verbs.contains(verb) else { return nil }
      return (["\(task.name): \(task.statement)"] + task.options(of: verb).map { "  \($0.helpLine)" })
        .joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}

/// `pipeline score TASK INPUT`: log P(x | y).
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Say how probable an input is: log P(x | y), or log P(x).",
    discussion: InferenceArguments.help(.score))

  @OptionGroup var arguments: InferenceArguments

  func run() throws {
    let (task, specification, requests) = try arguments.requests(.score)
    guard let scoring = task as? any ScoringTask else {
      throw PipelineError.usage("task '\(task.name)' cannot score")
    }
    try arguments.forEach(requests) { try arguments.show(scoring.score($0, specification)) }
  }
}

/// `pipeline classify TASK INPUT`: P(y | x).
struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Say what an input is of: P(y | x), or that it is like nothing known.",
    discussion: InferenceArguments.help(.classify))

  @OptionGroup var arguments: InferenceArguments

  func run() throws {
    let (task, specification, requests) = try arguments.requests(.classify)
    guard let classifying = task as? any ClassifyingTask else {
      throw PipelineError.usage("task '\(task.name)' cannot classify")
    }
    try arguments.forEach(requests) { try arguments.show(classifying.classify($0, specification)) }
  }
}

/// `pipeline describe TASK INPUT`: the most probable y in words.
struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Say in words what an input shows, with the probability of each description.",
    discussion: InferenceArguments.help(.describe))

  @OptionGroup var arguments: InferenceArguments

  func run() throws {
    let (task, specification, requests) = try arguments.requests(.describe)
    guard let describing = task as? any DescribingTask else {
      throw PipelineError.usage("task '\(task.name)' cannot describe")
    }
    try arguments.forEach(requests) { try arguments.show(describing.describe($0, specification)) }
  }
}

/// `pipeline embed TASK INPUT… -o z.npy`: x as a short vector.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Describe inputs by vectors: a row each, as an npy file.",
    discussion: InferenceArguments.help(.embed))

  @OptionGroup var arguments: InferenceArguments

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "An npy file, or - for standard output; otherwise <task>-embedding.npy.", valueName: "file"))
  var output: String?

  func run() throws {
    let (task, specification, requests) = try arguments.requests(.embed)
    guard let embedding = task as? any EmbeddingTask else {
      throw PipelineError.usage("task '\(task.name)' cannot embed")
    }
    let rows = try requests.map { try embedding.embed($0(), specification) }
    let data = try EmbeddingFile.npy(rows)
    if output == "-" { return try StandardStreams.write(data) }
    let path = output ?? "\(task.name)-embedding.npy"
    guard (path as NSString).pathExtension.lowercased() == "npy" else {
      throw PipelineError.usage("-o is '\(path)', but embeddings are .npy files")
    }
    try AtomicFile.write(data, to: URL(fileURLWithPath: path))
    try printResult(
      path, json: ["task": task.name, "output": path, "rows": rows.count, "columns": rows[0].count],
      asJSON: arguments.common.json)
  }
}

/// `pipeline complete TASK INPUT`: draws what is missing.
struct CompleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "complete", abstract: "Fill in what is missing of an input, by draws from what it may be.",
    discussion: InferenceArguments.help(.complete))

  @OptionGroup var arguments: InferenceArguments

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "A file for all draws, a folder for a file each, or -; otherwise <input>-complete with the task's ending, and for text -.",
      valueName: "file"))
  var output: String?

  func run() throws {
    let (task, specification, requests) = try arguments.requests(.complete, output: output)
    guard let completing = task as? any CompletingTask else {
      throw PipelineError.usage("task '\(task.name)' cannot complete")
    }
    guard requests.count == 1 else {
      throw PipelineError.usage("complete takes one input, not \(requests.count)")
    }
    let request = try requests[0]()
    let stem = ((request.name as NSString).lastPathComponent as NSString).deletingPathExtension
    // Text is read where it is written.
    let target = try DrawTarget(
      output ?? (task is any WritingTask ? "-" : nil),
      default: "\(stem)-complete.\(request.options.texts["format"] ?? task.outputExtension)",
      task: task)
    let files = try completing.complete(request, specification)
    try target.write(files, json: arguments.common.json)
  }
}
