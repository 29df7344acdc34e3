public import Conditioners
internal import Foundation
public import Torch

/// P(x | y) = Π P(x_i | x_1 … x_{i−1}, y) of values in −1…1, each one of a few even bins within which all are as probable
/// (van den Oord et al. 2016, "Pixel recurrent neural networks", section 3.1, for real values). Its density is exact.
public struct BinnedValues: Sampling, Trainable, DensityModel {
  /// Scores of the next value's bins, `[N, bins]`: of the values before it, zeros in place of the rest, then ones where
  /// there is one, `[N, 2 D]`.
  public typealias Backbone = @Sendable (_ before: Tensor, Conditioning) throws -> Tensor

  /// D.
  public let dimensions: Int
  public let bins: Int
  private let backbone: Backbone

  /// - Parameter backbone: where x are tensors; numbers of a single x need none.
  public init(
    dimensions: Int, bins: Int,
    backbone: @escaping Backbone = { _, _ in throw TensorError("these bins have no network on tensors") }
  ) {
    (self.dimensions, self.bins) = (dimensions, bins)
    self.backbone = backbone
  }

  /// What the backbone is shown of a row's first `count` values.
  public func shown(_ x: [Float], count: Int) -> [Float] {
    (0..<dimensions).map { $0 < count ? x[$0] : 0 } + (0..<dimensions).map { $0 < count ? 1 : 0 }
  }

  private func bin(_ value: Float) -> Int {
    Int(min(Float(bins - 1), max(0, ((value + 1) / 2 * Float(bins)).rounded(.down))))
  }

  /// One value of every row, any of them: D times its loss is that of the row on average.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let values = try x.reshaped([x.shape[0], dimensions]).floats()
    let rows = noise.samples.indices.map { Array(values[$0 * dimensions..<($0 + 1) * dimensions]) }
    let places = noise.samples.indices.map {
      noise.row($0, stream: "place").integers(below: dimensions, count: 1)[0]
    }
    let logs = try logProbabilities(
      rows.enumerated().map { shown($1, count: places[$0]) }, conditioning,
      chosen: rows.enumerated().map { bin($1[places[$0]]) })
    return try -logs.mean() * Double(dimensions)
  }

  private func logProbabilities(_ shown: [[Float]], _ conditioning: Conditioning, chosen: [Int]) throws
    -> Tensor
  {
    let device = conditioning.global?.device ?? .cpu
    let scores = try backbone(
      Tensor(shown.flatMap { $0 }, shape: [shown.count, 2 * dimensions]).to(device: device), conditioning)
    let oneHot = chosen.flatMap { bin in (0..<bins).map { Float($0 == bin ? 1 : 0) } }
    return try (scores.logSoftmax(1) * Tensor(oneHot, shape: [chosen.count, bins]).to(device: device)).sum([1]
    )
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    guard known == nil else { throw TensorError("binned values do not sum over missing parts") }
    return try Autograd.disabled {
      let count = x.shape[0]
      let values = try x.reshaped([count, dimensions]).floats()
      let rows = (0..<count).map { Array(values[$0 * dimensions..<($0 + 1) * dimensions]) }
      var total = try Tensor.full([count], Double(dimensions) * log(Double(bins) / 2), .float64)
      for place in 0..<dimensions {
        total =
          try total
          + logProbabilities(
            rows.map { shown($0, count: place) }, conditioning, chosen: rows.map { bin($0[place]) }
          ).to(.float64)
      }
      // Beyond −1…1 there is nothing.
      let outside = rows.map { $0.contains { abs($0) > 1.0001 } ? -Double.infinity : 0 }
      return LogDensity(
        try total + Tensor(outside, shape: [count]), kind: .exact, evaluations: dimensions)
    }
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try Autograd.disabled {
      let count = noise.samples.count
      var rows = [[Float]](repeating: [Float](repeating: 0, count: dimensions), count: count)
      for place in 0..<dimensions {
        let shown = rows.flatMap { self.shown($0, count: place) }
        let scores = try backbone(Tensor(shown, shape: [count, 2 * dimensions]), conditioning).contiguous()
          .floats()
        for row in 0..<count {
          rows[row][place] = draw(
            Array(scores[row * bins..<(row + 1) * bins]), place: place, noise: noise, row: row)
        }
      }
      return try Tensor(rows.flatMap { $0 }, shape: [count, dimensions])
    }
  }

  /// The next value, by the scores of its bins. Steps of a loop key their own draws, so places have streams.
  public func draw(_ scores: [Float], place: Int, noise: BatchNoise, row: Int = 0) -> Float {
    let bin = noise.row(row, stream: "bin \(place)").category(scores.map(Double.init).softmax)
    let within = noise.row(row, stream: "within \(place)").uniform(count: 1)[0]
    return (Float(bin) + within) / Float(bins) * 2 - 1
  }
}
