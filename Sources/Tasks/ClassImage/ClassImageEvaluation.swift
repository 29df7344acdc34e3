internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
public import PipelineCore
internal import Torch

/// Figures of one model on labelled pictures.
struct ClassImageEvaluation: Sendable {
  let model: ClassImageModel
  let workers: Int
  /// Pictures that are worked on together.
  var chunk = 250

  /// What the model says about one picture.
  struct Densities: Sendable {
    /// log P(x, y) of each class, nats.
    let joint: [Double]
    /// log P(x).
    let total: Double

    /// The most probable class.
    var best: Int { joint.indices.max { joint[$0] < joint[$1] } ?? 0 }
  }

  /// - Parameter missing: rows of pixels, from the top, that are not shown.
  func logDensities(
    _ images: LabelledImages, seed: UInt64, missing: Range<Int>? = nil,
    afterEach: @escaping @Sendable (Int) throws -> Void = { _ in }
  ) throws -> [Densities] {
    let (model, chunk) = (model, chunk)
    let parts = try ChunkRunner(workers: workers).map((images.count + chunk - 1) / chunk) {
      index -> [Densities] in
      let rows = index * chunk..<min(images.count, (index + 1) * chunk)
      let pixels = try images.pixels.narrow(0, start: rows.lowerBound, length: rows.count)
      var known: Tensor?
      if let missing {
        let shape = pixels.shape
        let mask = (0..<shape[2]).map { missing.contains($0) ? Float(0) : 1 }
        known = try Tensor(mask, shape: [1, 1, shape[2], 1]).expanded(shape).contiguous()
      }
      let noise = BatchNoise(seed: seed, first: rows.lowerBound, count: rows.count)
      let joint = try model.classLogDensities(pixels, known: known, noise: noise) + model.logPrior
      let totals = try joint.logSumExp(1).elements(Double.self)
      let values = try joint.elements(Double.self)
      let classes = model.description.classes.count
      try afterEach(rows.count)
      return rows.indices.map { row in
        let place = (row - rows.lowerBound) * classes
        return Densities(joint: Array(values[place..<place + classes]), total: totals[row - rows.lowerBound])
      }
    }
    return parts.flatMap { $0 }
  }

  /// Share of pictures whose most probable class is the right one, and its standard error.
  static func accuracy(_ densities: [Densities], _ labels: [Int]) -> (mean: Double, standardError: Double) {
    meanWithError(zip(densities, labels).map { $0.best == $1 ? 1 : 0 })
  }

  /// Bits a dimension of PNG files of the pictures, without what the files say beside the pixels.
  static func pngBits(_ images: LabelledImages, workers: Int) throws -> Double {
    let dimensions = images.pixels.shape.dropFirst().reduce(1, *)
    let bytes = try ChunkRunner(workers: workers).map(images.count) { index in
      try Image(images.pixels.select(0, index).to(.float32) / 255, bitDepth: 8).pngData().count
    }
    return Double(bytes.reduce(0, +)) * 8 / Double(images.count * dimensions)
  }
}

extension ClassImage: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      .text("ood", default: "", help: "evaluate: a folder of pictures that the model should find strange"),
      .integer("limit", in: 10...1_000_000, default: 10_000, help: "evaluate: at most so many test pictures"),
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
    var rows: [EvaluationTable.Row] = []
    for entry in entries {
      let model = try ClassImageModel(contentsOf: entry.weights)
      let test = try LabelledImages(
        folder: Self.folder(request.data), split: .test, classes: model.description.classes
      ).spread(limit)
      try model.check(test)
      let foreign =
        try foreignFolder.isEmpty
        ? nil
        : LabelledImages(folder: URL(fileURLWithPath: foreignFolder), split: .test).spread(limit)
      if let foreign { try model.check(foreign) }
      guard model.density != nil else { continue }
      rows.append(.init(entry.name, try figures(model, test, foreign, request)))
    }
    guard !rows.isEmpty else {
      throw PipelineError.usage(
        "\(entries.map { "'\($0.name)'" }.joined(separator: ", ")) has no density, and only densities are judged here"
      )
    }
    return [EvaluationTable(subject: "model", columns: Self.columns, rows: rows)]
  }

  private static let columns: [(name: String, digits: Int)] = [
    ("bits/dim", 3), ("bits/dim ±", 3), ("PNG bits/dim", 3), ("Bayes accuracy (%)", 2),
    ("Bayes accuracy ±", 2), ("upper half missing (%)", 2), ("upper half missing ±", 2),
    ("abstains (%) of 1", 2), ("OOD AUROC", 4),
    ("OOD abstains (%)", 2),
    ("ms/picture", 2),
  ]

  private func figures(
    _ model: ClassImageModel, _ test: LabelledImages, _ foreign: LabelledImages?, _ request: EvaluationRequest
  ) throws -> [Double?] {
    let evaluation = ClassImageEvaluation(model: model, workers: request.workers)
    // Missing pixels cost a matrix for each picture.
    let partly = try test.spread(2000)
    let progress = ProgressLine(
      "evaluate", total: test.count + partly.count + (foreign?.count ?? 0), unit: "pictures",
      mode: request.progress)
    defer { progress.finish() }
    let advance: @Sendable (Int) throws -> Void = {
      progress.advance(by: $0)
      try Interrupt.check()
    }
    let clock = ContinuousClock()
    var densities: [ClassImageEvaluation.Densities] = []
    let time = try clock.measure {
      densities = try evaluation.logDensities(test, seed: 0, afterEach: advance)
    }
    let dimensions = Double(model.description.dimensions)
    let bits = meanWithError(densities.map { -$0.total / (dimensions * log(2)) })
    let accuracy = ClassImageEvaluation.accuracy(densities, test.labels)
    let half = try evaluation.logDensities(
      partly, seed: 0, missing: 0..<model.description.height / 2, afterEach: advance)
    let halfAccuracy = ClassImageEvaluation.accuracy(half, partly.labels)
    var figures: [Double?] = [
      bits.mean, bits.standardError,
      try ClassImageEvaluation.pngBits(test.spread(1000), workers: request.workers), accuracy.mean * 100,
      accuracy.standardError * 100, halfAccuracy.mean * 100, halfAccuracy.standardError * 100,
    ]
    guard let typicality = model.description.typicality else {
      return figures + [nil, nil, nil, time / .milliseconds(1) / Double(test.count)]
    }
    func typical(_ densities: [ClassImageEvaluation.Densities]) -> [Double] {
      densities.map { typicality($0.total / dimensions) }
    }
    func rejected(_ values: [Double]) -> Double {
      Double(values.count { $0 < 0.01 }) / Double(values.count) * 100
    }
    let own = typical(densities)
    figures.append(rejected(own))
    if let foreign {
      let strange = try evaluation.logDensities(foreign, seed: 0, afterEach: advance)
      // Beyond the calibrated quantiles all are equal; the distance from their middle still ranks them.
      let middle = typicality.quantiles[typicality.quantiles.count / 2]
      func distance(_ densities: [ClassImageEvaluation.Densities]) -> [Double] {
        densities.map { abs($0.total / dimensions - middle) }
      }
      figures.append(areaUnderROC(positives: distance(strange), negatives: distance(densities)))
      figures.append(rejected(typical(strange)))
    } else {
      figures += [nil, nil]
    }
    figures.append(time / .milliseconds(1) / Double(test.count))
    return figures
  }
}

extension ClassImageModel {
  /// - Throws: `PipelineError` of kind `.data` for pictures of another size.
  func check(_ images: LabelledImages) throws {
    let shape = [description.channels, description.height, description.width]
    guard Array(images.pixels.shape.dropFirst()) == shape else {
      throw PipelineError.data(
        "the pictures are \(images.pixels.shape.dropFirst()) [channels, height, width]; this model knows \(shape)"
      )
    }
  }
}
