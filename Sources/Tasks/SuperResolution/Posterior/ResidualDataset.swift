internal import Foundation
internal import Logging
internal import Torch
internal import TorchNN

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
      let scale = photographs.scale
      let (low, high) = try pair.middle(side: side, scale: scale)
      return Batch(
        low: try low.unsqueezed(0),
        mean: try pair.middle(of: mean, side: side, scale).to(.float32).unsqueezed(0),
        high: try high.unsqueezed(0))
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

  /// The deviation across the colour line, by that along it, the roots of the covariances of the two directions' channels,
  /// `[2 · s², s²]`, and how what is left is distributed.
  /// - Parameter model: whose networks are trained; what it says of the directions across does not count.
  func across(_ model: PosteriorModel) throws
    -> (deviation: LocalDeviation, roots: Tensor, tails: StudentTails)
  {
    let size = photographs.scale * photographs.scale
    let flat = ResidualSpace.Roots(
      along: try .identity(size), across: [try .identity(size), try .identity(size)])
    @Sendable func spaces(
      _ index: Int, _ across: LocalDeviation, _ roots: ResidualSpace.Roots
    ) throws -> (space: ResidualSpace, high: Tensor) {
      let pair = photographs.training[index]
      let features = try MeanFeatures(
        low: pair.low.to(.float32).unsqueezed(0) / 255, mean: means[index].to(.float32).unsqueezed(0),
        scale: photographs.scale, local: model.description.local)
      let correction = try Autograd.disabled { try model.network.deviation(features.told) }
      return (
        try ResidualSpace(features, correction: correction, across: across, roots: roots),
        try pair.high.to(.float32).unsqueezed(0) / 255
      )
    }
    let pairs = try ChunkRunner().map(means.count) { index -> [(activity: Double, square: Double)] in
      let (space, high) = try spaces(index, LocalDeviation(floor: 1, slope: 0), flat)
      let variance = try space.deviation.squared().floats()
      let squares = try space.scaledResidualsAcross(from: high).map {
        try $0.pixelShuffled(photographs.scale).squared().contiguous().floats()
      }
      // A prime, so that no column is preferred.
      return stride(from: 0, to: variance.count, by: 307).map {
        (Double(variance[$0]), Double(squares[0][$0] + squares[1][$0]) / 2)
      }
    }
    let deviation = LocalDeviation(fitting: pairs.flatMap { $0 })
    let each = try ChunkRunner().map(means.count) { index -> (sums: [Tensor], count: Int) in
      let (space, high) = try spaces(index, deviation, flat)
      let values = try space.scaledResidualsAcross(from: high).map { try $0.reshaped([size, -1]) }
      return (try values.map { try $0.matmul($0.permuted([1, 0])) }, values[0].shape[1])
    }
    let count = each.reduce(0) { $0 + $1.count }
    let roots = try (0..<2).map { direction in
      try Self.root(of: each.map { $0.sums[direction] }, count: count)
    }
    let found = ResidualSpace.Roots(along: flat.along, across: roots)
    let squares = try ChunkRunner().map(means.count) { index -> [Double] in
      let (space, high) = try spaces(index, deviation, found)
      let each = try space.variableAcross(of: high).squared().sum([1]).contiguous().floats()
      return stride(from: 0, to: each.count, by: 61).map { Double(each[$0]) }
    }
    return (
      deviation, try Tensor.cat(roots, axis: 0),
      StudentTails(fitting: squares.flatMap { $0 }, dimensions: 2 * size)
    )
  }

  /// L of `ResidualSpace` along the colour line, `[s², s²]`.
  func root(_ local: LocalDeviation) throws -> Tensor {
    let size = photographs.scale * photographs.scale
    let each = try ChunkRunner().map(means.count) { index -> (sum: Tensor, count: Int) in
      let pair = photographs.training[index]
      let features = try MeanFeatures(
        low: pair.low.to(.float32).unsqueezed(0) / 255, mean: means[index].to(.float32).unsqueezed(0),
        scale: photographs.scale, local: local)
      let residual = try features.residual(of: pair.high.to(.float32).unsqueezed(0) / 255)
      let values = try (residual / features.logDeviation.exp()).pixelUnshuffled(photographs.scale)
        .reshaped([size, -1])
      return (try values.matmul(values.permuted([1, 0])), values.shape[1])
    }
    return try Self.root(of: each.map(\.sum), count: each.reduce(0) { $0 + $1.count })
  }

  /// The lower triangular root of a covariance, as the weights' file holds it.
  private static func root(of sums: [Tensor], count: Int) throws -> Tensor {
    let covariance = try sums.dropFirst().reduce(sums[0]) { try $0 + $1 } / Double(count)
    // Directions in which next to nothing happens are not blown up to full size.
    let least = try covariance.diagonal().mean().scalar() * leastShare
    return try (covariance + Tensor.identity(covariance.shape[0]) * least).cholesky().to(.float16).to(
      .float32)
  }

  /// Of the mean variance, which is added to that of every direction.
  private static let leastShare = 1e-3
}
