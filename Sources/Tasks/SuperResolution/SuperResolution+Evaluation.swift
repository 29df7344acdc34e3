internal import Foundation
public import PipelineCore
internal import Torch

extension SuperResolution: EvaluableTask {
  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    let names =
      request.model == "all"
      ? specification.models.map(\.name) : [try specification.model(named: request.model).name]
    let scale = try wholeScale(request.options)
    guard !request.data.isEmpty else {
      throw PipelineError.usage("--data is missing; a folder of pictures such as Set5 would be right")
    }
    let degradation = UpscaleStage.degradation(request.options)
    // Models for real pictures are held against those that were trained on clean ones.
    var models: [(name: String, upscaler: Upscaler)] = []
    var posteriors: [(name: String, drawing: PosteriorDrawing)] = []
    for name in names {
      let entry = try specification.model(named: name)
      for trained in Degradation.allCases where trained == .bicubic || trained == degradation {
        if request.model == "all", !ScaleWeights.has(trained, entry) { continue }
        let weights = try ScaleWeights(entry, degradation: trained)
        if request.model == "all", !weights.scales.contains(scale) { continue }
        let device = try UpscaleStage.device(request.device)
        if weights.mean != nil {
          posteriors.append((name, try PosteriorDrawing(entry, weights, scale: scale, device: device)))
          continue
        }
        let model = try SuperResolutionModel(contentsOf: weights.file(scale), scale: scale)
        let upscaler = try Upscaler(model: model, workers: request.workers, device: device)
        models.append((name + (trained == .real ? " real" : ""), upscaler))
      }
    }
    guard !models.isEmpty || !posteriors.isEmpty else {
      throw PipelineError.usage("no model has weights for scale \(scale)")
    }
    return try request.data.map { folder in
      let pairs = try BenchmarkPairs.read(folder, scale: scale, degradation: degradation)
      return try table(pairs, scale, models, posteriors, request)
    }
  }

  private func table(
    _ pairs: [BenchmarkPair], _ scale: Int, _ models: [(name: String, upscaler: Upscaler)],
    _ posteriors: [(name: String, drawing: PosteriorDrawing)], _ request: EvaluationRequest
  ) throws -> EvaluationTable {
    let evaluation = SuperResolutionEvaluation(scale: scale)
    let progress = ProgressLine(
      "evaluate", total: pairs.count * (models.count + posteriors.count * PosteriorEvaluation.draws),
      unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let bicubic = try pairs.map { pair -> [Double?] in
      let figures = try evaluation.bicubic(pair)
      return [figures.psnr, figures.ssim]
    }
    let estimates = try models.map { model in
      try evaluation(pairs, upscale: { try model.upscaler($0) { _, _ in try Interrupt.check() } }) { _ in
        progress.advance()
      }.map { [$0.psnr, $0.ssim] as [Double?] }
    }
    let draws = try posteriors.map { model in
      let evaluation = PosteriorEvaluation(drawing: model.drawing, workers: request.workers)
      return try pairs.map { pair in
        try evaluation(pair) {
          progress.advance()
          try Interrupt.check()
        }.values
      }
    }
    let all = [bicubic] + estimates + draws
    let rows = pairs.indices.map { index in
      EvaluationTable.Row(pairs[index].name, all.flatMap { $0[index] })
    }
    let means = rows[0].values.indices.map { column -> Double? in
      rows.reduce(0) { $0 + ($1.values[column] ?? 0) } / Double(rows.count)
    }
    let columns =
      (["bicubic"] + models.map(\.name)).flatMap { [("\($0) PSNR (dB)", 2), ("\($0) SSIM", 4)] }
      + posteriors.flatMap { model in
        PosteriorEvaluation.columns.map { ("\(model.name) \($0.name)", $0.digits) }
      }
    return EvaluationTable(
      subject: "×\(scale), on Y", columns: columns, rows: rows + [.init("mean of \(pairs.count)", means)])
  }
}
