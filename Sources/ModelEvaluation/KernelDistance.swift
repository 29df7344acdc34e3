public import Torch

/// The squared maximum mean discrepancy of two sets of features by its unbiased estimate (Gretton et al. 2012, equations 3 and 4),
/// with the kernel (x · y / D + 1)³ (Bińkowski et al. 2018, "Demystifying MMD GANs", section 4): 0 for sets of one
/// distribution, and now and then below.
public enum KernelDistance {
  /// - Parameters:
  ///   - a, b: features `[N, D]` and `[M, D]`.
  ///   - groups: the sets are parted into so many, whose estimates give the standard error.
  public static func between(_ a: Tensor, _ b: Tensor, groups: Int = 10) throws -> (
    mean: Double, standardError: Double
  ) {
    let size = min(a.shape[0], b.shape[0]) / groups
    guard size > 1 else { throw TensorError("\(groups) groups of two samples or more are wanted") }
    let estimates = try Autograd.disabled {
      try (0..<groups).map { group -> Double in
        let x = try a.narrow(0, start: group * size, length: size).to(.float64)
        let y = try b.narrow(0, start: group * size, length: size).to(.float64)
        let n = Double(size)
        // Without i = j in any of the sums (equation 4 there): then row i of one set may depend on row i of the other, as
        // a draw of its class does.
        func mean(_ x: Tensor, _ y: Tensor) throws -> Double {
          let all = try kernel(x, y)
          return try (all.sum() - all.diagonal().sum()).scalar() / (n * (n - 1))
        }
        return try mean(x, x) + mean(y, y) - 2 * mean(x, y)
      }
    }
    return meanWithError(estimates)
  }

  private static func kernel(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    let product = try x.matmul(y.permuted([1, 0])) / Double(x.shape[1]) + 1
    return try product * product * product
  }
}
