internal import Conditioners
internal import Families
internal import Foundation
internal import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// All figures of one model.
struct ModelReport {
  let model: ClassImageModel
  let judge: ClassImageModel?
  let request: EvaluationRequest
  let training: LabelledImages
  let test: LabelledImages
  let foreign: LabelledImages?
  let limit: Int

  static let columns: [(name: String, digits: Int)] = [
    ("bits/dim", 3), ("bits/dim ±", 3), ("pictures scored", 0), ("class accuracy (%)", 2),
    ("class accuracy (%) ±", 2), ("upper half missing (%)", 2), ("upper half missing (%) ±", 2),
    ("lower half missing (%)", 2), ("lower half missing (%) ±", 2), ("linear probe (%)", 2),
    ("linear probe (%) ±", 2), ("abstains at 1 % (%)", 2), ("OOD AUROC", 4), ("OOD abstains at 1 % (%)", 2),
    ("ms/picture", 2), ("draws of the asked class (%)", 2), ("draws of the asked class (%) ±", 2),
    ("Fréchet distance (%)", 2), ("Fréchet distance (%) ±", 2), ("MMD² · 1000", 2), ("MMD² · 1000 ±", 2),
    ("told from real (%)", 1), ("told from real (%) ±", 1), ("ms/draw", 2),
  ]

  /// Figures by column.
  private struct Figures {
    var values = [Double?](repeating: nil, count: columns.count)

    subscript(name: String) -> Double? {
      get { values[place(name)] }
      set { values[place(name)] = newValue }
    }

    private func place(_ name: String) -> Int {
      guard let place = columns.firstIndex(where: { $0.name == name }) else {
        preconditionFailure("no column is named '\(name)'")
      }
      return place
    }

    mutating func set(
      _ name: String, _ figure: (mean: Double, standardError: Double), times factor: Double = 1
    ) {
      self[name] = figure.mean * factor
      self[name + " ±"] = figure.standardError * factor
    }
  }

  private var dimensions: Double { Double(model.description.dimensions) }

  /// What the models are compared with: PNG files, and pictures of the training split in the place of draws.
  func references() throws -> [EvaluationTable.Row] {
    var png = Figures()
    let some = try test.spread(limit)
    let bits = try ClassImageEvaluation.pngNats(some, workers: request.workers).map {
      $0 / (dimensions * log(2))
    }
    png.set("bits/dim", meanWithError(bits))
    png["pictures scored"] = Double(some.count)
    var real = Figures()
    let pictures = try training.spread(request.options.integer("draws"))
    try judge(
      LabelledImages.dequantized(
        pictures.pixels, noise: BatchNoise(seed: 1, first: 0, count: pictures.count)), pictures.labels, &real)
    return [.init("PNG files", png.values), .init("real pictures", real.values)]
  }

  func figures(chunk: Int) throws -> [Double?] {
    var figures = Figures()
    try densities(&figures)
    try classifier(&figures)
    try probe(&figures)
    try draws(chunk: chunk, &figures)
    return figures.values
  }

  private func progress(_ what: String, _ total: Int) -> (
    line: ProgressLine, advance: @Sendable (Int) throws -> Void
  ) {
    let line = ProgressLine(what, total: total, unit: "pictures", mode: request.progress)
    return (
      line,
      {
        line.advance(by: $0); try Interrupt.check()
      }
    )
  }

  private func densities(_ figures: inout Figures) throws {
    guard model.density != nil else { return }
    guard model.parts.hasCheapDensity else { return try slowDensities(&figures) }
    let evaluation = ClassImageEvaluation(
      model: model, workers: request.workers, chunk: model.parts.densityChunk)
    let test = try test.spread(min(limit, model.parts.scoredPictures))
    let foreign = try foreign?.spread(min(limit, model.parts.scoredPictures))
    let progress = progress("evaluate", test.count + (foreign?.count ?? 0))
    defer { progress.line.finish() }
    var densities: [ClassImageEvaluation.Densities] = []
    let time = try ContinuousClock().measure {
      densities = try evaluation.logDensities(test, seed: 0, afterEach: progress.advance)
    }
    figures.set("bits/dim", meanWithError(densities.map { -$0.total / (dimensions * log(2)) }))
    figures["pictures scored"] = Double(test.count)
    figures["ms/picture"] = time / .milliseconds(1) / Double(test.count)
    figures.set("class accuracy (%)", ClassImageEvaluation.accuracy(densities, test.labels), times: 100)
    let partly = try test.spread(2000)
    let height = model.description.height
    for (name, missing) in [
      ("upper half missing (%)", 0..<height / 2), ("lower half missing (%)", height / 2..<height),
    ] where model.parts.canMiss(missing, of: height) {
      let half = try evaluation.logDensities(partly, seed: 0, missing: missing)
      figures.set(name, ClassImageEvaluation.accuracy(half, partly.labels), times: 100)
    }
    guard let typicality = model.description.typicality else { return }
    func rejected(_ values: [Double]) -> Double {
      Double(values.count { typicality($0) < 0.01 }) / Double(values.count) * 100
    }
    let own = try evaluation.savings(densities, test)
    figures["abstains at 1 % (%)"] = rejected(own)
    guard let foreign else { return }
    let strange = try evaluation.logDensities(foreign, seed: 0, afterEach: progress.advance)
    let savings = try evaluation.savings(strange, foreign)
    figures["OOD AUROC"] = areaUnderROC(positives: savings.map { -$0 }, negatives: own.map { -$0 })
    figures["OOD abstains at 1 % (%)"] = rejected(savings)
  }

  /// Bits of P(x | y) for a few pictures with their own class: all classes of all would take hours.
  private func slowDensities(_ figures: inout Figures) throws {
    guard let density = model.density else { return }
    let some = try test.spread(min(limit, model.parts.scoredPictures))
    let chunk = model.parts.densityChunk
    let progress = progress("evaluate", some.count)
    defer { progress.line.finish() }
    var bits: [Double] = []
    let time = try ContinuousClock().measure {
      bits = try ChunkRunner(workers: request.workers).map((some.count + chunk - 1) / chunk) {
        index -> [Double] in
        let rows = index * chunk..<min(some.count, (index + 1) * chunk)
        let noise = BatchNoise(seed: 0, first: rows.lowerBound, count: rows.count)
        let x = try LabelledImages.dequantized(
          some.pixels.narrow(0, start: rows.lowerBound, length: rows.count), noise: noise)
        let given = try ClassConditioner(classes: model.description.classes)(Array(some.labels[rows]))
        let nats = try density.logDensity(x, known: nil, given: given, noise: noise).values.elements(
          Double.self)
        try progress.advance(rows.count)
        return nats.map { 8 - $0 / (dimensions * log(2)) }
      }.flatMap { $0 }
    }
    figures.set("bits/dim", meanWithError(bits))
    figures["pictures scored"] = Double(some.count)
    figures["ms/picture"] = time / .milliseconds(1) / Double(some.count)
  }

  private func classifier(_ figures: inout Figures) throws {
    guard model.parts.classifier != nil else { return }
    let some = try test.spread(limit)
    let x = try (some.pixels.to(.float32) + 0.5) / 256
    guard let judge = model.judge else { return }
    var seen: Judge.Impression?
    let time = try ContinuousClock().measure { seen = try judge.look(at: x, workers: request.workers) }
    figures.set(
      "class accuracy (%)", meanWithError(zip(seen!.classes, some.labels).map { $0 == $1 ? 1 : 0 }),
      times: 100)
    figures["pictures scored"] = Double(some.count)
    figures["ms/picture"] = time / .milliseconds(1) / Double(some.count)
  }

  private func probe(_ figures: inout Figures) throws {
    guard let encoder = model.encoder else { return }
    func embedded(_ images: LabelledImages) throws -> Tensor {
      let chunk = 100
      let parts = try ChunkRunner(workers: request.workers).map((images.count + chunk - 1) / chunk) { index in
        let start = index * chunk
        let count = min(chunk, images.count - start)
        let x = try (images.pixels.narrow(0, start: start, length: count).to(.float32) + 0.5) / 256
        try Interrupt.check()
        return try encoder.embed(x, given: model.unknownClass(count: count))
      }
      return try Tensor.cat(parts, axis: 0)
    }
    let (known, new) = (try training.spread(5000), try test.spread(min(limit, 2000)))
    let probe = try LinearProbe(embedded(known), labels: known.labels, classes: known.classes.count)
    figures.set("linear probe (%)", try probe.accuracy(embedded(new), labels: new.labels), times: 100)
  }

  private func draws(chunk: Int, _ figures: inout Figures) throws {
    guard let sampler = model.sampler else { return }
    let count = request.options.integer("draws")
    let classes = model.description.classes
    // The classes as they are in the test split.
    let labels = try test.spread(count).labels
    let progress = progress("draw", labels.count)
    defer { progress.line.finish() }
    var parts: [Tensor] = []
    let time = try ContinuousClock().measure {
      parts = try ChunkRunner(workers: request.workers).map((labels.count + chunk - 1) / chunk) { index in
        let rows = index * chunk..<min(labels.count, (index + 1) * chunk)
        let given = try ClassConditioner(classes: classes)(Array(labels[rows]))
        let x = try sampler.sample(
          given: given, noise: BatchNoise(seed: 1, first: rows.lowerBound, count: rows.count))
        try progress.advance(rows.count)
        // As a file has them.
        return try ((x.clamped(0, 1) * 256).floored().clamped(0, 255) + 0.5) / 256
      }
    }
    figures["ms/draw"] = time / .milliseconds(1) / Double(labels.count)
    try judge(Tensor.cat(parts, axis: 0), labels, &figures)
  }

  private func judge(_ x: Tensor, _ labels: [Int], _ figures: inout Figures) throws {
    guard let judge = judge?.judge, self.judge?.description.sampleShape == Array(x.shape.dropFirst()) else {
      return
    }
    let real = try test.spread(max(labels.count, min(limit, test.count)))
    let seen = try judge.look(at: (real.pixels.to(.float32) + 0.5) / 256, workers: request.workers)
    let verdict = try Judge.verdict(judge.look(at: x, workers: request.workers), labels: labels, real: seen)
    figures.set("draws of the asked class (%)", verdict.accuracy, times: 100)
    figures.set("Fréchet distance (%)", verdict.frechet, times: 100)
    figures.set("MMD² · 1000", verdict.kernel, times: 1000)
    figures.set("told from real (%)", verdict.twoSample, times: 100)
  }
}

extension ClassImageModel {
  /// The judge that a discriminative model is.
  var judge: Judge? {
    guard let classifier = parts.classifier, let encoder = parts.encoder else { return nil }
    return Judge(
      features: { try encoder.embed($0, given: .none) },
      logPosterior: { x in try Autograd.disabled { try classifier.logPosterior(x) } })
  }

  /// y that is only known by P(y).
  func unknownClass(count: Int) throws -> Conditioning {
    try ClassConditioner(classes: description.classes)(prior: description.prior, count: count)
  }
}
