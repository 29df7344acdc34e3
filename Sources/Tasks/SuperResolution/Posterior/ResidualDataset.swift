internal import Foundation
internal import Logging
internal import Torch

/// Photographs with what a point estimate makes of their reductions, held in memory.
struct ResidualDataset: Sendable {
  let photographs: PhotographDataset
  /// For each training pair, `float16 [3, s·h, s·w]` over 0…1.
  private let means: [Tensor]
  private let heldOutMeans: [Tensor]

  init(_ photographs: PhotographDataset, mean: Upscaler, log: Logger) throws {
    func means(_ pairs: [PhotographDataset.Pair]) throws -> [Tensor] {
      try pairs.map { try mean($0.low.to(.float32) / 255).to(.float16) }
    }
    self.photographs = photographs
    self.means = try means(photographs.training)
    heldOutMeans = try means(photographs.validation)
    log.info("the mean of each picture is known")
  }

  /// RGB over 0…1: `low [n, 3, side, side]`, `mean` and `high [n, 3, s·side, s·side]`.
  struct Batch {
    let low: Tensor
    let mean: Tensor
    let high: Tensor
  }

  /// Crops as `PhotographDataset.batch` takes them, of clean reductions.
  func batch(seed: UInt64, step: Int, samples: Range<Int>, side: Int) throws -> Batch {
    let scale = photographs.scale
    let crops = try samples.map { sample in
      let place = photographs.place(seed: seed, step: step, sample: sample, side: side)
      return try place.symmetry(
        PhotographDataset.crop(means[place.pair], place.y * scale, place.x * scale, side * scale))
    }
    let (low, high) = try photographs.batch(seed: seed, step: step, samples: samples, side: side)
    return Batch(
      low: try low.contiguous(), mean: try Tensor.stack(crops).to(.float32), high: try high.contiguous())
  }

  /// The middle of every held-out picture, at most `side` low-resolution pixels a side; each a batch of one.
  func heldOut(side: Int) throws -> [Batch] {
    try zip(photographs.validation, heldOutMeans).map { pair, mean in
      let (height, width) = (min(side, pair.lowHeight), min(side, pair.lowWidth))
      let (y, x) = ((pair.lowHeight - height) / 2, (pair.lowWidth - width) / 2)
      func middle(_ picture: Tensor, _ scale: Int) throws -> Tensor {
        try picture.narrow(1, start: y * scale, length: height * scale)
          .narrow(2, start: x * scale, length: width * scale).unsqueezed(0).to(.float32)
      }
      let scale = photographs.scale
      return Batch(
        low: try middle(pair.low, 1) / 255, mean: try middle(mean, scale),
        high: try middle(pair.high, scale) / 255)
    }
  }

  /// The local deviation of the residuals, from some pixels of every picture.
  func localDeviation() throws -> LocalDeviation {
    let each = try ChunkRunner().map(means.count) { index -> [(activity: Double, square: Double)] in
      let pair = photographs.training[index]
      let scale = photographs.scale
      let mean = try means[index].to(.float32).unsqueezed(0)
      let low = try pair.low.to(.float32).unsqueezed(0) / 255
      let activity = try LocalDeviation.activity(low: low, mean: mean, scale: scale).floats()
      let features = try MeanFeatures(low: low, mean: mean, scale: scale, local: .init(floor: 1, slope: 0))
      let residual = try features.residual(of: pair.high.to(.float32).unsqueezed(0) / 255)
      let square = try residual.squared().pixelUnshuffled(scale).mean([1]).floats()
      // A prime, so that no column is preferred.
      return stride(from: 0, to: activity.count, by: 61).map { (Double(activity[$0]), Double(square[$0])) }
    }
    return LocalDeviation(fitting: each.flatMap { $0 })
  }

  /// The covariance of the residual's channels where it is divided by its local deviation, `[s², s²]`.
  func covariance(_ local: LocalDeviation) throws -> Tensor {
    let size = photographs.scale * photographs.scale
    let each = try ChunkRunner().map(means.count) { index -> (sum: Tensor, count: Int) in
      let pair = photographs.training[index]
      let features = try MeanFeatures(
        low: pair.low.to(.float32).unsqueezed(0) / 255, mean: means[index].to(.float32).unsqueezed(0),
        scale: photographs.scale, local: local)
      let space = try ResidualSpace(
        features, correction: features.logDeviation.zerosLike(), root: .identity(size))
      let values = try space.scaledResidual(from: pair.high.to(.float32).unsqueezed(0) / 255)
        .reshaped([size, -1])
      return (try values.matmul(values.permuted([1, 0])), values.shape[1])
    }
    let sum = try each.dropFirst().reduce(each[0].sum) { try $0 + $1.sum }
    let covariance = try sum / Double(each.reduce(0) { $0 + $1.count })
    // Directions in which next to nothing happens are not blown up to full size.
    let least = try covariance.diagonal().mean().scalar() * Self.leastShare
    return try covariance + Tensor.identity(size) * least
  }

  /// Of the mean variance, which is added to that of every direction.
  private static let leastShare = 1e-3
}
