import ArgumentParser
import Foundation
import PipelineKit

/// `pipeline list`: what there is.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List tasks with their models, and stages.")

  @Flag(help: "Print as JSON, one object a line.")
  var json = false

  func run() throws {
    let registry = TaskRegistry.all
    let home = try PipelineHome()
    var lines: [String] = json ? [] : ["tasks"]
    for task in registry.tasks {
      let specification = try task.specification(in: home)
      let chosen = try? specification.model().name
      if json {
        try printResult(
          "",
          json: [
            "task": task.name, "summary": task.summary, "statement": task.statement,
            "verbs": task.verbs.sorted().map(\.rawValue), "models": specification.models.map(\.name),
            "default_model": chosen,
          ], asJSON: true)
        continue
      }
      lines.append("  \(task.name): \(task.summary), \(task.statement)")
      lines.append("    verbs: \(task.verbs.sorted().map(\.rawValue).joined(separator: ", "))")
      for model in specification.models {
        let mark = model.name == chosen ? " (default)" : ""
        lines.append("    model \(model.name)\(mark): \(model.description ?? "")")
      }
    }
    if json { return }
    lines.append("stages")
    for stage in registry.stages.all {
      lines.append("  \(stage.name): \(stage.summary) (\(stage.input.phrase) → \(stage.output.phrase))")
    }
    try StandardStreams.write(Data((lines.joined(separator: "\n") + "\n").utf8))
  }
}
