/// Noise for a batch whose rows are samples: row `i` is keyed by (seed, `samples[i]`, step, stream), so a sample gets
/// the same noise in any batch.
public struct BatchNoise: Sendable, Equatable {
  public let seed: UInt64
  /// The index of the sample in each row.
  public let samples: [UInt64]
  /// Added to every step: that of training, or what a sample's earlier draws took.
  public let firstStep: Int

  public init(seed: UInt64, samples: [UInt64], firstStep: Int = 0) {
    self.seed = seed
    self.samples = samples
    self.firstStep = firstStep
  }

  /// Rows `first` to `first + count − 1` of a seed.
  public init(seed: UInt64, first: Int, count: Int) {
    self.init(seed: seed, samples: (0..<count).map { UInt64(first + $0) })
  }

  public func row(_ row: Int, step: Int = 0, stream: String) -> KeyedNoise {
    KeyedNoise(seed: seed, sample: samples[row], step: UInt64(firstStep + step), stream: stream)
  }

  /// `float32 [N] + shape` of the standard normal distribution.
  public func normal(_ shape: [Int], step: Int = 0, stream: String) throws -> Tensor {
    try tensor(shape, step, stream) { $0.normal(count: $1) }
  }

  /// `float32 [N] + shape`, uniform over [0, 1).
  public func uniform(_ shape: [Int], step: Int = 0, stream: String) throws -> Tensor {
    try tensor(shape, step, stream) { $0.uniform(count: $1) }
  }

  private func tensor(_ shape: [Int], _ step: Int, _ stream: String, _ draw: (KeyedNoise, Int) -> [Float])
    throws -> Tensor
  {
    let count = shape.reduce(1, *)
    let rows = samples.indices.flatMap { draw(row($0, step: step, stream: stream), count) }
    return try Tensor(rows, shape: [samples.count] + shape)
  }
}
