internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
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

  /// Nats a dimension that the model saves over PNG files.
  func savings(_ densities: [Densities], _ images: LabelledImages) throws -> [Double] {
    let dimensions = Double(model.description.dimensions)
    let lengths = try Self.pngNats(images, workers: workers)
    return zip(densities, lengths).map { ($0.total + $1) / dimensions }
  }

  /// The length of each picture's PNG file in nats.
  static func pngNats(_ images: LabelledImages, workers: Int) throws -> [Double] {
    try ChunkRunner(workers: workers).map(images.count) { try pngNats(images.pixels.select(0, $0)) }
  }

  /// - Parameter pixels: grey levels, `uint8 [C, H, W]`.
  static func pngNats(_ pixels: Tensor) throws -> Double {
    Double(try Image(pixels.to(.float32) / 255, bitDepth: 8).pngData().count) * 8 * log(2)
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
