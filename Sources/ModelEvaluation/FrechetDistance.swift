public import Torch

/// The Fréchet distance of two sets of features, each taken for normal: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½) (Heusel et
/// al. 2017, "GANs trained by a two time-scale update rule", equation 6).
///
/// It depends on the feature space and, with few samples, on their number: compare only figures of the same of both.
public enum FrechetDistance {
  private static let eigen = Operator("aten::linalg_eigh")

  /// - Parameters: features `[N, D]` and `[M, D]`.
  public static func between(_ a: Tensor, _ b: Tensor) throws -> Double {
    guard a.shape.count == 2, b.shape.count == 2, a.shape[1] == b.shape[1], a.shape[0] > 1, b.shape[0] > 1
    else {
      throw TensorError(
        "features [N, D] and [M, D] of two samples or more are wanted, not \(a.shape) and \(b.shape)")
    }
    return try Autograd.disabled {
      let (meanA, covarianceA) = try moments(a.to(.float64))
      let (meanB, covarianceB) = try moments(b.to(.float64))
      let root = try squareRoot(covarianceA)
      // tr (Σ₁ Σ₂)^½ = tr (Σ₁^½ Σ₂ Σ₁^½)^½, whose matrix is symmetric.
      let values = try eigen.all([.tensor(root.matmul(covarianceB).matmul(root))])[0]
      let cross = try values.relu().squareRoot().sum().scalar()
      let traces = try (covarianceA.diagonal().sum() + covarianceB.diagonal().sum()).scalar()
      return try (meanA - meanB).squared().sum().scalar() + traces - 2 * cross
    }
  }

  private static func moments(_ x: Tensor) throws -> (mean: Tensor, covariance: Tensor) {
    let mean = try x.mean([0])
    let centred = try x - mean
    return (mean, try centred.permuted([1, 0]).matmul(centred) / Double(x.shape[0] - 1))
  }

  private static func squareRoot(_ matrix: Tensor) throws -> Tensor {
    let parts = try eigen.all([.tensor(matrix)])
    let (values, vectors) = (parts[0], parts[1])
    return try (vectors * values.relu().squareRoot()).matmul(vectors.permuted([1, 0]))
  }
}
