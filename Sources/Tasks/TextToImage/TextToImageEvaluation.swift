internal import Charts
internal import Families
internal import Foundation
internal import ModelEvaluation
public import PipelineCore
internal import Torch

/// What draws of a model are measured by.
protocol DrawFigures: Sendable {
  /// What rows are figures of.
  static var subject: String { get }
  static var columns: [(name: String, digits: Int)] { get }
  /// Of the chart of the first column.
  static var title: String { get }
  /// What pictures are called that no model drew.
  static var reference: String { get }

  /// The same columns of pictures that no model drew, which is the most that any can reach.
  func reference(_ part: EvaluatedPart) throws -> [Double?]
  func draws(_ part: EvaluatedPart, by model: CaptionModel) throws -> [Double?]
}

/// Of what captions there are.
enum EvaluatedPart: String, CaseIterable, Sendable {
  case seen
  case heldOut = "held-out"
}

extension TextToImage: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      .integer(
        "draws", in: 20...100_000, default: 500, help: "evaluate: so many captions, a picture for each"),
      .text(
        "guidances", default: "",
        help: "evaluate: several guidances, with commas between; the model's own unless given"),
      .text("sampler", default: "", help: "evaluate: the model's own unless given"),
      .integer("steps", in: 0...10_000, default: 0, help: "evaluate: of the sampler; 0 for the model's own"),
      CheckedDrawing.option,
      .integer(
        "descriptions", in: 0...100_000, default: 0,
        help: "evaluate: also describe so many rendered scenes, some seconds each"),
    ]
  }

  public var hasChart: Bool { true }

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but draws are judged on the CPU; 'cpu' would be right")
    }
    let name = request.model == "all" ? nil : request.model
    let entry = try specification.model(named: name ?? specification.defaults["model"]?.value ?? "scenes")
    let model = try CaptionModel(contentsOf: entry.weights)
    let described = request.options.integer("descriptions")
    let checker = try CheckedDrawing.checker(model.description, request.options, specification)
      .map { try SceneJudge(contentsOf: $0) }
    guard model.description.isOfScenes else {
      guard described == 0 else {
        throw PipelineError.usage(
          "--descriptions is not for '\(entry.name)': only rendered scenes have descriptions that are true")
      }
      let pictures = try Self.pictures(request.data, workers: request.workers)
      return [try table(model, RetrievalFigures(try Self.matcher(specification), pictures, request), request)]
    }
    guard request.data.isEmpty else {
      throw PipelineError.usage("--data is not for '\(entry.name)': its scenes are rendered")
    }
    let judge = try Self.judge(specification)
    let table = try table(model, SceneFigures(judge, checker: checker, request), request)
    guard described > 0 else { return [table] }
    let readings = SceneReadingFigures(model: model, judge: judge, request: request)
    return [
      table,
      EvaluationTable(
        subject: "descriptions of rendered scenes", columns: SceneReadingFigures.columns,
        rows: try EvaluatedPart.allCases.map { .init($0.rawValue, try readings($0, count: described)) }),
    ]
  }

  private func table<Figures: DrawFigures>(
    _ model: CaptionModel, _ figures: Figures, _ request: EvaluationRequest
  ) throws -> EvaluationTable {
    let parts = EvaluatedPart.allCases
    let wanted = try Self.guidances(request.options.text("guidances")) ?? [model.description.sampler.guidance]
    var rows = try parts.map {
      EvaluationTable.Row("\(Figures.reference), \($0.rawValue)", try figures.reference($0))
    }
    for guidance in wanted {
      let drawing = try model.drawing(by: request.options, guidance: guidance)
      for part in parts {
        let label = wanted.count > 1 ? "\(part.rawValue), guidance \(guidance)" : part.rawValue
        rows.append(.init(label, try figures.draws(part, by: drawing)))
      }
    }
    return EvaluationTable(
      subject: Figures.subject, columns: Figures.columns, rows: rows, isTransposed: true,
      chart: Self.chart(rows, Figures.title, reference: Figures.reference, guidances: wanted))
  }

  /// The first column by the guidance, with its error in the second; rows as `table` makes them.
  private static func chart(
    _ rows: [EvaluationTable.Row], _ title: String, reference: String, guidances: [Double]
  ) -> LineChart {
    let parts = EvaluatedPart.allCases.map(\.rawValue)
    let curves = parts.enumerated().flatMap { index, part -> [LineChart.Curve] in
      let points = guidances.enumerated().compactMap { place, guidance in
        rows[parts.count * (place + 1) + index].values[0].map {
          LineChart.Point(guidance, $0, error: rows[parts.count * (place + 1) + index].values[1])
        }
      }
      let level = [guidances.min() ?? 0, guidances.max() ?? 0].compactMap { x in
        rows[index].values[0].map { LineChart.Point(x, $0) }
      }
      return [
        .init("draws, \(part)", points, colour: index),
        .init("\(reference), \(part)", level, colour: index, isDashed: true),
      ]
    }
    return LineChart(
      title, horizontal: "guidance",
      vertical: "share (%)", curves: curves, range: 0...100)
  }

  private static func guidances(_ text: String) throws -> [Double]? {
    guard !text.isEmpty else { return nil }
    return try text.split(separator: ",").map { part in
      guard let value = Double(part.trimmingCharacters(in: .whitespaces)), (0...30).contains(value) else {
        throw PipelineError.usage(
          "--guidances has '\(part)'; numbers from 0 to 30 with commas between would be right")
      }
      return value
    }
  }
}
