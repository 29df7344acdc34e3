public import Conditioners
public import Torch
public import TorchNN

/// The weights of a `MixtureFamily`: for each of K classes C Gaussians over D values, each of low rank plus noise.
public final class ClassMixture: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// K.
    public var classes: Int
    /// C, Gaussians of a class.
    public var components: Int
    /// D, values of a sample.
    public var dimensions: Int
    /// R, directions of a Gaussian's covariance beside its independent noise.
    public var rank: Int

    public init(classes: Int, components: Int, dimensions: Int, rank: Int) {
      self.classes = classes
      self.components = components
      self.dimensions = dimensions
      self.rank = rank
    }
  }

  public let configuration: Configuration
  /// `[K, C]`, each row a log distribution.
  public let logWeights: Parameter
  /// `[K, C, D]`.
  public let means: Parameter
  /// `[K, C, D, R]`.
  public let loadings: Parameter
  /// `[K, C, D]`.
  public let logVariances: Parameter

  public static let weightNames = ["logWeights": "log_weights", "logVariances": "log_variances"]

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let (k, c, d) = (configuration.classes, configuration.components, configuration.dimensions)
    logWeights = try Parameter([k, c], .constant(0), isTrainable: false)
    means = try Parameter([k, c, d], .constant(0), isTrainable: false)
    loadings = try Parameter([k, c, d, configuration.rank], .constant(0), isTrainable: false)
    logVariances = try Parameter([k, c, d], .constant(0), isTrainable: false)
  }

  func analyzers(ofClass index: Int) throws -> FactorAnalyzers {
    FactorAnalyzers(
      means: try means.value.select(0, index).to(.float64),
      loadings: try loadings.value.select(0, index).to(.float64),
      variances: try logVariances.value.select(0, index).to(.float64).exp())
  }
}

/// P(x | class) as a mixture of Gaussians: the statistical generative model, fitted by EM in seconds, with everything
/// about it in closed form: density, classes, missing parts.
///
/// Conditioned on `Conditioning.global [N, K]`, the probabilities of the classes: a one for P(x | y), the prior for
/// P(x). x is `[N] + sampleShape`, about 0…1.
public struct MixtureFamily: Sampling, DensityModel, Completing, Encoding {
  public let mixture: ClassMixture
  /// Of one x; its product is D.
  public let sampleShape: [Int]

  public init(_ mixture: ClassMixture, sampleShape: [Int]) {
    self.mixture = mixture
    self.sampleShape = sampleShape
  }

  private func flat(_ x: Tensor) throws -> Tensor {
    guard Array(x.shape.dropFirst()) == sampleShape else {
      throw TensorError("a class mixture over \(sampleShape) is given \(x.shape)")
    }
    return try x.reshaped([x.shape[0], configuration.dimensions])
  }

  private var configuration: ClassMixture.Configuration { mixture.configuration }

  /// log probabilities of the classes, `float64 [N, K]`.
  private func classes(_ conditioning: Conditioning, rows: Int) throws -> Tensor {
    guard let global = conditioning.global, global.shape == [rows, configuration.classes] else {
      throw TensorError(
        "a class mixture wants the probabilities of \(configuration.classes) classes for \(rows) samples")
    }
    return try global.to(.float64).log()
  }

  /// log P(x, component | class) of every class that has any probability, `[N, K · C]`; −∞ for the others.
  private func joint(_ x: Tensor, known: Tensor?, _ logClasses: Tensor) throws -> Tensor {
    let (k, c) = (configuration.classes, configuration.components)
    let possible = try logClasses.exp().sum([0]).elements(Double.self)
    let (x, known) = (try x.to(.float64), try known?.to(.float64))
    let parts = try (0..<k).map { index -> Tensor in
      guard possible[index] > 0 else { return try .full([x.shape[0], c], -.infinity, .float64) }
      let densities = try mixture.analyzers(ofClass: index).factors(of: x, known: known).logDensities
      let weights = try mixture.logWeights.value.select(0, index).to(.float64)
      return try densities.permuted([1, 0]) + weights + logClasses.narrow(1, start: index, length: 1)
    }
    return try Tensor.cat(parts, axis: 1)
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws
    -> LogDensity
  {
    try Autograd.disabled {
      try LogDensity(
        joint(flat(x), known: known.map(flat), classes(conditioning, rows: x.shape[0])).logSumExp(1),
        kind: .exact)
    }
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let empty = try Tensor.zeros([noise.samples.count] + sampleShape)
    return try complete(empty, known: empty, given: conditioning, noise: noise)
  }

  public func complete(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws
    -> Tensor
  {
    try Autograd.disabled {
      let (x, known) = (try flat(x), try flat(known))
      let joint = try joint(x, known: known, classes(conditioning, rows: noise.samples.count))
      // One chunk's rows are few, and each has a component of its own.
      let rows = try noise.samples.indices.map { row in
        let place = try noise.row(row, stream: "component").category(
          joint.select(0, row).softmax(0).elements(Double.self))
        return try draw(
          x.narrow(0, start: row, length: 1), known.narrow(0, start: row, length: 1), component: place,
          noise: BatchNoise(seed: noise.seed, samples: [noise.samples[row]], firstStep: noise.firstStep))
      }
      return try Tensor.cat(rows, axis: 0).reshaped([rows.count] + sampleShape)
    }
  }

  /// One x from P(x | known part, component); `x` and `known` are `[1, D]`.
  private func draw(_ x: Tensor, _ known: Tensor, component place: Int, noise: BatchNoise) throws -> Tensor {
    let (c, d, r) = (configuration.components, configuration.dimensions, configuration.rank)
    let all = try mixture.analyzers(ofClass: place / c)
    func one(_ tensor: Tensor) throws -> Tensor { try tensor.narrow(0, start: place % c, length: 1) }
    let analyzer = FactorAnalyzers(
      means: try one(all.means), loadings: try one(all.loadings), variances: try one(all.variances))
    let factors = try analyzer.factors(of: x.to(.float64), known: known.to(.float64))
    // L⁻ᵀ times white noise has the covariance (L Lᵀ)⁻¹.
    let white = try noise.normal([r], stream: "factors").to(.float64).reshaped([1, 1, r, 1])
    let spread = try factors.precision.permuted([0, 1, 3, 2]).solveTriangular(white, isUpper: true)
    let z = try factors.means + spread.squeezed(3)
    let grain = try noise.normal([d], stream: "pixels").to(.float64) * analyzer.variances.squareRoot()
    let drawn = try analyzer.means + z.matmul(analyzer.loadings.permuted([0, 2, 1])).squeezed(0) + grain
    return try x.to(.float32).selected(where: known, else: drawn.to(.float32))
  }

  /// The log densities of x under every component, in nats a dimension, less their mean: `[N, K · C]`.
  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      let even = try Tensor.zeros([x.shape[0], configuration.classes], .float64)
      let densities = try joint(flat(x), known: nil, even) / Double(configuration.dimensions)
      return try (densities - densities.mean([1], keepAxes: true)).to(.float32)
    }
  }
}
