internal import Charts
internal import Foundation
public import PipelineCore

extension Imitation: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      Self.weightsOption,
      .text(
        "environments", default: "",
        help: "evaluate: with commas between; those of the model unless given"),
      .integer("episodes", in: 2...100_000, default: 100, help: "evaluate: of each environment"),
      .integer(
        "first-seed", in: 0...Int(Int32.max), default: 1_000_000,
        help: "evaluate: of the first episode; the others' follow"),
      .integer(
        "executed", in: 0...1024, default: 0,
        help: "evaluate: actions of a chunk that are carried out; 0 for the model's own"),
      .integer("steps", in: 0...1000, default: 0, help: "evaluate: of the sampler; 0 for the model's own"),
      .text("python", default: "python3", help: "evaluate: that has gymnasium, metaworld and gym-pusht"),
      .text(
        "sheet", default: "",
        help: "evaluate: also a picture of the first episode of the first environment, .png or .gif"),
    ]
  }

  public var hasChart: Bool { true }

  private static let columns: [(name: String, digits: Int)] = [
    ("episodes", 0), ("return", 1), ("return ±", 1), ("success %", 1), ("success % ±", 1), ("steps", 0),
    ("above %", 1), ("below %", 1),
  ]

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    guard request.data.isEmpty else {
      throw PipelineError.usage(
        "--data is not for imitation: policies are judged by what they do in environments")
    }
    let names =
      request.model == "all"
      ? specification.models.map(\.name)
      : [request.model ?? specification.defaults["model"]?.value ?? specification.models.first?.name ?? ""]
    guard names.count == 1 || request.options.text("weights").isEmpty else {
      throw PipelineError.usage("--weights is one model's, and --model is 'all'; one of them would be right")
    }
    let given = request.options.text("environments").split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    var rows: [EvaluationTable.Row] = []
    var curves: [LineChart.Curve] = []
    for name in names {
      let file = request.options.text("weights")
      let weights = try file.isEmpty ? specification.model(named: name).weights : URL(fileURLWithPath: file)
      let steps = request.options.integer("steps")
      let policy = try Policy(contentsOf: weights, steps: steps == 0 ? nil : steps)
      for environment in given.isEmpty ? policy.description.environments : given {
        let rollouts = try rollouts(
          policy, weights, in: environment, isFirst: rows.isEmpty, request, specification)
        rows.append(.init(names.count > 1 ? "\(name), \(environment)" : environment, rollouts.figures))
        let colour = Set(curves.map(\.colour)).count
        curves += rollouts.paths.prefix(Self.mostPaths).map { path in
          .init(name, path.map { .init(Double($0.x), Double($0.y)) }, colour: colour)
        }
      }
    }
    return [
      EvaluationTable(
        subject: "environment", columns: Self.columns, rows: rows, chart: Self.chart(curves))
    ]
  }

  /// Of each policy, in the plot of paths.
  private static let mostPaths = 40

  private func rollouts(
    _ policy: Policy, _ weights: URL, in environment: String, isFirst: Bool, _ request: EvaluationRequest,
    _ specification: Specification
  ) throws -> Rollouts {
    let (count, first) = (request.options.integer("episodes"), request.options.integer("first-seed"))
    let wanted = request.options.integer("executed")
    let executed = wanted == 0 ? policy.executed : min(wanted, policy.horizon)
    let progress = ProgressLine(environment, total: count, unit: "episodes", mode: request.progress)
    defer { progress.finish() }
    if environment == ObstacleCourse.name {
      guard request.options.text("sheet").isEmpty || !isFirst else {
        throw PipelineError.usage("--sheet is not for '\(environment)'; --plot shows its paths")
      }
      return try Rollouts(
        course: policy, firstSeed: first, count: count, executed: executed, workers: request.workers)
    }
    let sheet = request.options.text("sheet")
    var arguments = [
      environment, "--episodes", "\(count)", "--first-seed", "\(first)", "--executed", "\(executed)",
      "--pipeline",
      ProcessInfo.processInfo.arguments[0],
    ]
    if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      arguments[arguments.count - 1] = program
    }
    if policy.tasks.contains(environment) { arguments += ["--task", environment] }
    if isFirst, !sheet.isEmpty { arguments += ["--sheet", sheet] }
    arguments += ["--", "--weights", weights.path, "--steps", "\(request.options.integer("steps"))"]
    let script = specification.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("samples/imitation/rollout.py")
    return try Rollouts(
      python: request.options.text("python"), script: script, arguments: arguments
    ) { progress.advance() }
  }

  /// Paths on the plane, around the obstacle; nil where there are none.
  private static func chart(_ paths: [LineChart.Curve]) -> LineChart? {
    guard !paths.isEmpty else { return nil }
    let disc = (0...60).map { index -> LineChart.Point in
      let angle = Double(index) / 60 * 2 * .pi
      return .init(Double(ObstacleCourse.radius) * cos(angle), Double(ObstacleCourse.radius) * sin(angle))
    }
    return LineChart(
      "Ways around an obstacle", horizontal: "x", vertical: "y",
      curves: paths + [
        .init("the obstacle", disc, colour: 1 + (paths.map(\.colour).max() ?? 0), isDashed: true)
      ],
      range: -1...1)
  }
}
