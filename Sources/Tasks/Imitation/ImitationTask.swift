internal import Foundation
public import PipelineCore

/// P(next actions | what was observed).
public struct Imitation: PipelineTask {
  public init() {}

  public let name = "imitation"
  public let summary = "act as demonstrated: chunks of actions given observations, at control rate"
  public let statement = "P(actions | observations)"
  public let verbs: Set<Verb> = [.run, .score, .train, .evaluate]
  public let outputExtension = "jsonl"
  public let inputExtensions: Set<String> = ["jsonl"]

  public var options: [OptionDescription] {
    [
      .text(
        "family", default: "",
        help:
          "train: \(PolicyDescription.Family.allCases.map(\.rawValue).joined(separator: ", ")); the recipe's unless given"
      ),
      .integer(
        "demonstrations", in: 0...Int.max, default: 0, help: "train: so many episodes of each task; 0 for all"
      ),
    ]
  }

  static let modelOption = OptionDescription.text("model", help: "the model; `pipeline list` names them")
  static let weightsOption = OptionDescription.text(
    "weights", default: "", help: "a file that `train` wrote, in place of the model's")

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "predict-actions", summary: "actions given observations, as JSON lines",
        options: [
          Self.modelOption, Self.weightsOption,
          .integer(
            "seed", in: 0...Int.max, default: 0, help: "the seed; episode i of a seed is always the same"),
          .integer("steps", in: 0...1000, default: 0, help: "of the sampler; 0 for the model's own"),
          .text("task", default: "", help: "of several that the model does, for lines that name none"),
          .flag("surprise", help: "also say how surprising the last actions are, given what came of them"),
        ]
      ) { options, environment in
        let specification = try environment.specification(for: "predict-actions")
        return FunctionStage<Data, Data>("predict-actions") { data, context in
          let loop = try Self.loop(options, specification)
          var answers = Data()
          for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
          where line.contains(where: { $0 > 32 }) {
            try context.checkCancelled()
            do { answers += try loop.answered(line).line } catch let error as PipelineError {
              throw PipelineError.data("\(context.source):\(index + 1): \(error)")
            }
          }
          return answers
        }
      }
    ]
  }

  static func policy(_ options: Options, _ specification: Specification, steps: Int = 0) throws -> Policy {
    try Policy(contentsOf: weights(options, specification), steps: steps == 0 ? nil : steps)
  }

  static func weights(_ options: Options, _ specification: Specification) throws -> URL {
    let file = options.text("weights")
    return try file.isEmpty
      ? specification.model(named: options.text("model")).weights : URL(fileURLWithPath: file)
  }

  static func loop(_ options: Options, _ specification: Specification) throws -> ActionLoop {
    let policy = try policy(options, specification, steps: options.integer("steps"))
    let task = options.text("task")
    guard task.isEmpty || policy.tasks.contains(task) else {
      throw PipelineError.usage(
        policy.tasks.isEmpty
          ? "--task is '\(task)', but this policy does only one"
          : "--task: \(NearestName.unknown("task", task, known: policy.tasks, listing: true))")
    }
    return ActionLoop(
      policy, seed: UInt64(options.integer("seed")), measuresSurprise: options.flag("surprise"), task: task)
  }
}

extension Imitation: LineAnsweringTask {
  public func answerer(_ options: Options, _ specification: Specification) throws -> any LineAnswering {
    try Self.loop(options, specification)
  }
}

extension ActionLoop: LineAnswering {
  func answer(_ line: Data) -> Data { (answer(line) as ActionAnswer).line }
  func refusal(_ reason: String) -> Data { ActionAnswer(error: reason).line }
}
