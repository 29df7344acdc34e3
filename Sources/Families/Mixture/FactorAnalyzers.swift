internal import Torch

/// Gaussians whose covariance is a few directions and independent noise, x = μ + Λ z + ε with z ~ N(0, I) and
/// ε ~ N(0, Ψ), several at a time (Ghahramani & Hinton 1996, "The EM algorithm for mixtures of factor analyzers").
///
/// Everything is `float64`: the noise of a pixel that never changes is 10⁵ times less than that of another.
struct FactorAnalyzers: Sendable {
  /// μ, `[C, D]`.
  let means: Tensor
  /// Λ, `[C, D, R]`.
  let loadings: Tensor
  /// The diagonal of Ψ, `[C, D]`.
  let variances: Tensor

  private var components: Int { means.shape[0] }
  private var rank: Int { loadings.shape[2] }

  /// What the factors of one batch are known to be: z | x ~ N(mean, (L Lᵀ)⁻¹).
  struct Factors {
    /// `[C, N, R]`.
    let means: Tensor
    /// L, the Cholesky factor of the precision: `[C, 1, R, R]`, or `[C, N, R, R]` with missing parts.
    let precision: Tensor
    /// log p(x) of the known parts, `[C, N]`.
    let logDensities: Tensor
  }

  /// - Parameters:
  ///   - x: `[N, D]`.
  ///   - known: `[N, D]`, 1 where x is known; nil for all.
  func factors(of x: Tensor, known: Tensor? = nil) throws -> Factors {
    let (c, n, d, r) = (components, x.shape[0], x.shape[1], rank)
    let precisions = try 1 / variances
    // Λ and Ψ⁻¹ Λ, [C, D, R].
    let weighted = try loadings * precisions.unsqueezed(2)
    let mask = try known ?? Tensor.full([1, d], 1, .float64)
    // x − μ, [C, N, D], zero where unknown.
    let difference = try (x.unsqueezed(0) - means.unsqueezed(1)) * mask.unsqueezed(0)
    // b = Λᵀ Ψ⁻¹ (x − μ), [C, N, R].
    let projected = try difference.matmul(weighted)
    // I + Σ over known d of Λ_d Λ_dᵀ / ψ_d, [C, N or 1, R, R].
    let products = try (loadings.unsqueezed(3) * weighted.unsqueezed(2)).reshaped([c, d, r * r])
    let rows = mask.shape[0]
    let precision =
      try mask.unsqueezed(0).matmul(products).reshaped([c, rows, r, r])
      + Tensor.identity(r, .float64)
    let factor = try precision.cholesky()
    let column = try projected.unsqueezed(3)
    let whitened = try factor.solveTriangular(column).squeezed(3)
    let means = try factor.expanded([c, n, r, r]).choleskySolve(column).squeezed(3)
    let logDeterminant =
      try 2 * factor.diagonal().log().sum([2])
      + mask.matmul(variances.log().permuted([1, 0])).permuted([1, 0])
    let distance =
      try (difference.squared() * precisions.unsqueezed(1)).sum([2]) - whitened.squared().sum([2])
    let count = try mask.sum([1]).unsqueezed(0)
    let logDensities = try (count * FactorAnalyzers.logTwoPi + logDeterminant + distance) * -0.5
    return Factors(means: means, precision: factor, logDensities: try logDensities.expanded([c, n]))
  }

  private static let logTwoPi = 1.8378770664093453
}
