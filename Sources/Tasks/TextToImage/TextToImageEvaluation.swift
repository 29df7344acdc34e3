internal import Charts
internal import Families
internal import Foundation
internal import ModelEvaluation
public import PipelineCore
internal import Torch

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
      .integer(
        "descriptions", in: 0...100_000, default: 0,
        help: "evaluate: also describe so many rendered scenes, some seconds each"),
    ]
  }

  public var hasChart: Bool { true }

  private static let columns: [(name: String, digits: Int)] = [
    ("all as asked %", 1), ("all as asked % ±", 1), ("kind %", 1), ("count %", 1), ("colours %", 1),
    ("shapes %", 1), ("relation %", 1), ("tables %", 1), ("groups %", 1), ("pairs %", 1), ("rings %", 1),
    ("pictures a second", 2),
  ]

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    guard request.data.isEmpty else {
      throw PipelineError.usage("--data is not for text-to-image: its scenes are rendered")
    }
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but scenes are judged on the CPU; 'cpu' would be right")
    }
    let name = request.model == "all" ? nil : request.model
    let entry = try specification.model(named: name ?? specification.defaults["model"]?.value ?? "scenes")
    let judge = try Self.judge(specification)
    let count = request.options.integer("draws")
    let model = try CaptionModel(contentsOf: entry.weights)
    let wanted = try Self.guidances(request.options.text("guidances")) ?? [model.description.sampler.guidance]
    // What the judge makes of rendered scenes is the most that any model can reach.
    let parts: [(name: String, draw: @Sendable (KeyedNoise) -> Scene)] = [
      ("seen", { SceneGrammar.drawTraining($0) }), ("held-out", { SceneGrammar.heldOut($0) }),
    ]
    var rows = try parts.map { part in
      EvaluationTable.Row(
        "rendered, \(part.name)",
        try figures(judge, count, request, part.draw, speed: false) { asked, _ in asked.x }
      )
    }
    for guidance in wanted {
      let drawing = try model.drawing(by: request.options, guidance: guidance)
      for part in parts {
        let label = wanted.count > 1 ? "\(part.name), guidance \(guidance)" : part.name
        rows.append(
          .init(
            label,
            try figures(judge, count, request, part.draw, speed: true) {
              try drawing.draw($0.words, against: nil, noise: $1, threads: 1)
            }))
      }
    }
    let table = EvaluationTable(
      subject: "captions", columns: Self.columns, rows: rows, isTransposed: true,
      chart: Self.chart(rows, parts: parts.map(\.name), guidances: wanted))
    let described = request.options.integer("descriptions")
    guard described > 0 else { return [table] }
    return [
      table,
      EvaluationTable(
        subject: "descriptions of rendered scenes", columns: Self.readingColumns,
        rows: try parts.map { part in
          .init(part.name, try readings(judge, model, described, request, part.draw))
        }),
    ]
  }

  /// How many captions are drawn as asked, by the guidance; rows as `evaluate` makes them.
  static func chart(_ rows: [EvaluationTable.Row], parts: [String], guidances: [Double]) -> LineChart {
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
        .init("rendered, \(part)", level, colour: index, isDashed: true),
      ]
    }
    return LineChart(
      "Captions whose draw is all as asked, as the judge sees it", horizontal: "guidance",
      vertical: "share (%)", curves: curves, range: 0...100)
  }

  private static let readingColumns: [(name: String, digits: Int)] = [
    ("all right %", 1), ("all right % ±", 1), ("by the judge alone %", 1), ("probability of the truth", 3),
  ]

  /// How often the most probable description of a rendered scene is all true.
  private func readings(
    _ judge: SceneJudge, _ model: CaptionModel, _ count: Int, _ request: EvaluationRequest,
    _ scene: (KeyedNoise) -> Scene
  ) throws -> [Double?] {
    let progress = ProgressLine("describe", total: count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let results = try (0..<count).map { index -> (Bool, Bool, Double) in
      try Interrupt.check()
      defer { progress.advance() }
      let rendered = try RenderedScenes(BatchNoise(seed: 3, first: index, count: 1), scene)
      let truth = rendered.scenes[0]
      let reading = try SceneReading(
        rendered.x.select(0, 0), model, judge, candidates: 16, levels: CaptionEvidence.levels,
        workers: request.workers)
      let shares = reading.joint.softmax
      let best = shares.indices.max { shares[$0] < shares[$1] } ?? 0
      let place = reading.scenes.firstIndex(of: truth)
      return (place == best, reading.scenes.first == truth, place.map { shares[$0] } ?? 0)
    }
    let right = meanWithError(results.map { $0.0 ? 100 : 0 })
    return [
      right.mean, right.standardError, meanWithError(results.map { $0.1 ? 100 : 0 }).mean,
      meanWithError(results.map(\.2)).mean,
    ]
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

  /// What the judge sees of pictures that were made for captions.
  /// - Parameter draw: pictures of the captions of scenes, `[N, 3, H, W]` over 0…1.
  private func figures(
    _ judge: SceneJudge, _ count: Int, _ request: EvaluationRequest,
    _ scene: @escaping @Sendable (KeyedNoise) -> Scene,
    speed: Bool, _ draw: @escaping @Sendable (RenderedScenes, BatchNoise) throws -> Tensor
  ) throws -> [Double?] {
    let size = 20
    let progress = ProgressLine("judge", total: count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let start = ContinuousClock.now
    let verdicts = try ChunkRunner(workers: request.workers).map((count + size - 1) / size) {
      chunk -> [SceneVerdict] in
      try Interrupt.check()
      let rows = chunk * size..<min(count, (chunk + 1) * size)
      let noise = BatchNoise(seed: 2, first: rows.lowerBound, count: rows.count)
      let asked = try RenderedScenes(noise, scene)
      let x = try ScenePixels.levels(draw(asked, noise))
      progress.advance(by: rows.count)
      return zip(asked.captions, try judge.verdicts(x)).map { SceneVerdict($0.says, $1) }
    }.flatMap { $0 }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    func percent(_ values: [Bool]) -> Double? {
      values.isEmpty ? nil : 100 * Double(values.count { $0 }) / Double(values.count)
    }
    let all = meanWithError(verdicts.map { $0.isRight ? 100 : 0 })
    return [all.mean, all.standardError, percent(verdicts.map(\.isKindRight))]
      + [\SceneVerdict.count, \.colours, \.shapes, \.relation].map { path in
        percent(verdicts.compactMap { $0[keyPath: path] })
      }
      + SceneKind.allCases.map { kind in percent(verdicts.filter { $0.kind == kind }.map(\.isRight)) }
      + [speed ? Double(count) / seconds : nil]
  }
}
