internal import Conditioners
internal import Families
internal import Foundation
internal import MediaTensors
internal import ModelEvaluation
public import PipelineCore
internal import Torch

extension ClassImage: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      .text("ood", default: "", help: "evaluate: a folder of pictures that the model should find strange"),
      .integer("limit", in: 20...1_000_000, default: 10_000, help: "evaluate: at most so many test pictures"),
      .integer("draws", in: 40...100_000, default: 2000, help: "evaluate: so many draws are judged"),
      .text("sampler", default: "", help: "evaluate: of a diffusion model; its own unless given"),
      .integer("steps", in: 0...10_000, default: 0, help: "evaluate: of the sampler; 0 for the model's own"),
      .number("guidance", in: -1...30, default: -1, help: "evaluate: -1 for the model's own"),
    ]
  }

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    try Self.checkDevice(request.device)
    let entries =
      request.model == "all"
      ? specification.models : [try specification.model(named: request.model)]
    let limit = request.options.integer("limit")
    let foreignFolder = request.options.text("ood")
    let data = try Self.folder(request.data)
    let foreign =
      try foreignFolder.isEmpty
      ? nil
      : LabelledImages(folder: URL(fileURLWithPath: foreignFolder), split: .test).spread(limit)
    // The judge is a model of the same specification.
    let judge = specification.models.lazy.compactMap { try? ClassImageModel(contentsOf: $0.weights) }
      .first { $0.parts.classifier != nil }
    var rows: [EvaluationTable.Row] = []
    for entry in entries {
      let loaded = try ClassImageModel(contentsOf: entry.weights)
      let hasSampler = loaded.architecture is DiffusionArchitecture
      let model =
        hasSampler ? try DrawStage.sampling(loaded, entry.name, request.options) : loaded
      let classes = model.description.classes
      let test = try LabelledImages(folder: data, split: .test, classes: classes)
      try model.check(test)
      if let foreign { try model.check(foreign) }
      let report = ModelReport(
        model: model, judge: judge, request: request,
        training: try LabelledImages(folder: data, split: .train, classes: classes), test: test,
        foreign: foreign, limit: limit)
      if rows.isEmpty, request.model == "all" { rows += try report.references() }
      rows.append(.init(entry.name, try report.figures(chunk: entry.chunk ?? 16)))
    }
    return [
      EvaluationTable(subject: "model", columns: ModelReport.columns, rows: rows, isTransposed: true)
    ]
  }
}
