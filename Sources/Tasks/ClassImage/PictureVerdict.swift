internal import Foundation
public import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// What a model says of one picture.
public struct PictureVerdict: Sendable, Equatable {
  /// log P(class | picture), nats.
  public let logPosterior: [Double]
  /// The share of held-out pictures on which the model saves no more over a PNG file, see `Typicality`; nil for a model
  /// without a density, and for a picture that is not whole.
  public let typicality: Double?

  /// The most probable class.
  public var best: Int { logPosterior.indices.max { logPosterior[$0] < logPosterior[$1] } ?? 0 }
}

extension ClassImageModel {
  /// By Bayes's rule for a model of P(picture | class), at once for one of P(class | picture).
  /// - Parameter missing: rows of pixels that are summed over; a model of P(class | picture) cannot, and takes what is
  ///   there for the picture.
  /// - Returns: nil for a model that can say neither, or cannot sum over these rows.
  public func verdicts(on images: LabelledImages, missing: Range<Int>? = nil, workers: Int) throws
    -> [PictureVerdict]?
  {
    try check(images)
    if let judge { return try judge.verdicts(on: images, workers: workers) }
    guard density != nil, missing.map({ parts.canMiss($0, of: description.height) }) ?? true else {
      return nil
    }
    let evaluation = ClassImageEvaluation(model: self, workers: workers, chunk: parts.densityChunk)
    let densities = try evaluation.logDensities(images, seed: 0, missing: missing) { _ in
      try Interrupt.check()
    }
    let typicality = missing == nil ? description.typicality : nil
    let savings = try typicality.map { _ in try evaluation.savings(densities, images) }
    return densities.enumerated().map { place, one in
      PictureVerdict(
        logPosterior: one.joint.map { $0 - one.total },
        typicality: savings.flatMap { savings in typicality.map { $0(savings[place]) } })
    }
  }
}

extension Judge {
  fileprivate func verdicts(on images: LabelledImages, workers: Int) throws -> [PictureVerdict] {
    let chunk = 250
    return try ChunkRunner(workers: workers).map((images.count + chunk - 1) / chunk) { index in
      try Interrupt.check()
      let start = index * chunk
      let some = try images.pixels.narrow(0, start: start, length: min(chunk, images.count - start))
      let posterior = try logPosterior((some.to(.float32) + 0.5) / 256)
      let (values, classes) = (try posterior.to(.float64).elements(Double.self), posterior.shape[1])
      return (0..<some.shape[0]).map {
        PictureVerdict(
          logPosterior: Array(values[$0 * classes..<($0 + 1) * classes]), typicality: nil)
      }
    }.flatMap { $0 }
  }
}
