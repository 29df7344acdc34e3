internal import Foundation
internal import MediaTensors
public import PipelineCore
internal import Torch

extension SuperResolution: EvaluableTask {
  /// Of one model a row for each picture, beside bicubic enlargement; of `all` a row for each model, means over the pictures.
  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    let isOfAll = request.model == "all"
    let names =
      isOfAll ? specification.models.map(\.name) : [try specification.model(named: request.model).name]
    let scale = try wholeScale(request.options)
    guard !request.data.isEmpty else {
      throw PipelineError.usage("--data is missing; a folder of pictures such as Set5 would be right")
    }
    let degradation = UpscaleStage.degradation(request.options)
    let evaluation = SuperResolutionEvaluation(
      scale: scale, judge: try PictureJudge.named("judge", specification))
    var ways = [MeasuredWay.bicubic(evaluation)]
    for name in names {
      let entry = try specification.model(named: name)
      // Models for real pictures are held against those that were trained on clean ones.
      for trained in Degradation.allCases where trained == .bicubic || trained == degradation {
        if isOfAll, !ScaleWeights.has(trained, entry) { continue }
        let weights = try ScaleWeights(entry, degradation: trained)
        if isOfAll, !weights.scales.contains(scale) { continue }
        ways.append(
          try MeasuredWay(entry, weights, evaluation, UpscaleStage.device(request.device), request.workers))
      }
    }
    guard ways.count > 1 else { throw PipelineError.usage("no model has weights for scale \(scale)") }
    return try request.data.map { folder in
      let pairs = try BenchmarkPairs.read(folder, scale: scale, degradation: degradation)
      return try table(pairs, ways, scale, isOfAll: isOfAll, request)
    }
  }

  private func table(
    _ pairs: [BenchmarkPair], _ ways: [MeasuredWay], _ scale: Int, isOfAll: Bool, _ request: EvaluationRequest
  ) throws -> EvaluationTable {
    let progress = ProgressLine(
      "evaluate", total: pairs.count * ways.reduce(0) { $0 + $1.pictures }, unit: "pictures",
      mode: request.progress)
    defer { progress.finish() }
    let values = try ways.map { way in
      try pairs.map { pair in
        try way.measure(pair) {
          progress.advance()
          try Interrupt.check()
        }
      }
    }
    let means = values.map { pictures in
      pictures[0].indices.map { column in
        pictures.reduce(0) { $0 + ($1[column] ?? 0) } / Double(pictures.count) as Double?
      }
    }
    if isOfAll {
      let most = ways.max { $0.columns.count < $1.columns.count }?.columns ?? []
      return EvaluationTable(
        subject: "×\(scale), means of \(pairs.count)", columns: most,
        rows: zip(ways, means).map { way, means in
          .init(way.name, means + [Double?](repeating: nil, count: most.count - means.count))
        })
    }
    let rows = pairs.indices.map { index in
      EvaluationTable.Row(pairs[index].name, values.flatMap { $0[index] })
    }
    return EvaluationTable(
      subject: "×\(scale), on Y",
      columns: ways.flatMap { way in way.columns.map { ("\(way.name) \($0.name)", $0.digits) } },
      rows: rows + [.init("mean of \(pairs.count)", means.flatMap { $0 })])
  }
}

/// One way to enlarge pictures whose truth is known, and what is measured of it.
private struct MeasuredWay {
  let name: String
  let columns: [(name: String, digits: Int)]
  /// That it makes of one.
  let pictures: Int
  /// In the order of `columns`; its second argument is called after each picture, on worker threads, and throws to stop.
  let measure: (BenchmarkPair, @escaping @Sendable () throws -> Void) throws -> [Double?]

  static func bicubic(_ evaluation: SuperResolutionEvaluation) -> MeasuredWay {
    MeasuredWay(name: "bicubic", evaluation) { low in
      try low.resampledBicubic(
        height: low.shape[1] * evaluation.scale, width: low.shape[2] * evaluation.scale)
    }
  }

  private init(
    name: String, _ evaluation: SuperResolutionEvaluation, enlarged: @escaping (Tensor) throws -> Tensor
  ) {
    self.name = name
    columns = SuperResolutionEvaluation.columns
    pictures = 1
    measure = { pair, afterEach in
      let figures = try evaluation(enlarged(pair.low), pair)
      try afterEach()
      return figures.values
    }
  }

  private init(name: String, _ posterior: PosteriorEvaluation) {
    self.name = name
    columns = SuperResolutionEvaluation.columns + PosteriorEvaluation.columns
    pictures = PosteriorEvaluation.draws
    measure = { pair, afterEach in
      let figures = try posterior(pair, afterDraw: afterEach)
      return figures.draw.values + figures.values
    }
  }

  init(
    _ entry: Specification.Model, _ weights: ScaleWeights, _ evaluation: SuperResolutionEvaluation,
    _ device: Device, _ workers: Int
  ) throws {
    let scale = evaluation.scale
    if weights.mean == nil {
      let upscaler = try Upscaler(
        model: SuperResolutionModel(contentsOf: weights.file(scale), scale: scale), workers: workers,
        device: device)
      self.init(name: entry.name + (weights.degradation == .real ? " real" : ""), evaluation) {
        try upscaler($0) { _, _ in try Interrupt.check() }
      }
    } else {
      let drawing = try PosteriorDrawing(entry, weights, scale: scale, device: device)
      self.init(
        name: entry.name, PosteriorEvaluation(drawing: drawing, evaluation: evaluation, workers: workers))
    }
  }
}
