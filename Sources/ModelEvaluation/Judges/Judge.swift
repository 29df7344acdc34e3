public import Torch

/// An independent network that judges draws: a classifier of the same kind of x that shares nothing with the models that
/// made them.
public struct Judge: Sendable {
  /// `[N, D]` of x, what the classes are told by.
  public let features: @Sendable (Tensor) throws -> Tensor
  /// log P(y | x), `[N, K]`.
  public let logPosterior: @Sendable (Tensor) throws -> Tensor

  public init(
    features: @escaping @Sendable (Tensor) throws -> Tensor,
    logPosterior: @escaping @Sendable (Tensor) throws -> Tensor
  ) {
    self.features = features
    self.logPosterior = logPosterior
  }

  /// What it makes of many x.
  public struct Impression: Sendable {
    /// `[N, D]`.
    public let features: Tensor
    /// The most probable class of each x.
    public let classes: [Int]

    public init(features: Tensor, classes: [Int]) {
      self.features = features
      self.classes = classes
    }
  }

  /// Looks at `x [N, …]` in chunks.
  public func look(at x: Tensor, workers: Int, chunk: Int = 250) throws -> Impression {
    let count = x.shape[0]
    let parts = try ChunkRunner(workers: workers).map((count + chunk - 1) / chunk) { index in
      let start = index * chunk
      let some = try x.narrow(0, start: start, length: min(chunk, count - start))
      return (try features(some), try logPosterior(some).argmax(1).elements(Int64.self).map(Int.init))
    }
    return Impression(features: try Tensor.cat(parts.map(\.0), axis: 0), classes: parts.flatMap(\.1))
  }

  /// How draws compare with real x.
  public struct Verdict: Sendable {
    /// Share of draws that the judge takes for the class they were asked for.
    public let accuracy: (mean: Double, standardError: Double)
    /// Fréchet distance of the features, as a share of their variance over real x; its standard error by the bootstrap.
    public let frechet: (mean: Double, standardError: Double)
    /// Squared maximum mean discrepancy of the features, which have on average the variance 1 over real x.
    public let kernel: (mean: Double, standardError: Double)
    /// How often a linear probe of the features tells draws from real x, half of both being for its training: the
    /// classifier two-sample test (Lopez-Paz & Oquab 2017); ½ where it cannot.
    public let twoSample: (mean: Double, standardError: Double)
  }

  /// - Parameters:
  ///   - draws: with the class that each was asked to be.
  ///   - real: as many real x, or more.
  public static func verdict(_ draws: Impression, labels: [Int], real: Impression) throws -> Verdict {
    let accuracy = meanWithError(zip(draws.classes, labels).map { $0 == $1 ? 1 : 0 })
    // In units of real x, so that figures do not depend on how large a network's numbers happen to be.
    let mean = try real.features.mean([0])
    let deviation = try (real.features - mean).squared().mean().scalar().squareRoot()
    func scaled(_ impression: Impression) throws -> Impression {
      Impression(features: try (impression.features - mean) / deviation, classes: impression.classes)
    }
    let (draws, real) = (try scaled(draws), try scaled(real))
    let width = Double(real.features.shape[1])
    let frechet = try FrechetDistance.between(draws.features, real.features) / width
    let resampled = try (0..<8).map { round -> Double in
      func again(_ features: Tensor, _ stream: String) throws -> Tensor {
        let rows = KeyedNoise(seed: 0, sample: UInt64(round), step: 0, stream: stream)
          .integers(below: features.shape[0], count: features.shape[0])
        return try features.indexSelect(0, Tensor(rows.map(Int64.init), shape: [rows.count]))
      }
      return try FrechetDistance.between(again(draws.features, "draws"), again(real.features, "real")) / width
    }
    // The spread of resampled figures is that of the figure itself.
    let spread = meanWithError(resampled).standardError * Double(resampled.count).squareRoot()
    return Verdict(
      accuracy: accuracy, frechet: (frechet, spread),
      kernel: try KernelDistance.between(draws.features, real.features),
      twoSample: try twoSample(draws.features, real.features))
  }

  private static func twoSample(_ draws: Tensor, _ real: Tensor) throws -> (
    mean: Double, standardError: Double
  ) {
    let count = min(draws.shape[0], real.shape[0])
    let half = count / 2
    func part(_ start: Int, _ length: Int) throws -> Tensor {
      try Tensor.cat(
        [draws.narrow(0, start: start, length: length), real.narrow(0, start: start, length: length)], axis: 0
      )
    }
    func labels(_ length: Int) -> [Int] {
      [Int](repeating: 0, count: length) + [Int](repeating: 1, count: length)
    }
    let probe = try LinearProbe(part(0, half), labels: labels(half), classes: 2)
    return try probe.accuracy(part(half, count - half), labels: labels(count - half))
  }
}
