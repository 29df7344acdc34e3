internal import ModelEvaluation
internal import Torch

/// P(y | x) as the softmax of linear functions of x: the discriminative partner of naive Bayes (Ng & Jordan 2002,
/// section 2), by maximum likelihood less half of `penalty` times the squared weights.
struct LogisticRegression: Sendable {
  private let standardization: Standardization
  /// `float64 [D + 1, K]`, the intercept last.
  private let weights: Tensor

  /// - Parameters:
  ///   - x: `float64 [N, D]`.
  ///   - labels: of each row, below `classes`.
  ///   - penalty: λ of λ/2 ‖W‖² beside the summed loss; 1 is scikit-learn's usual one. The intercept is free.
  ///   - standardized: columns that are standardised first, from the left.
  init(
    _ x: Tensor, labels: [Int], classes: Int, standardized: Int, penalty: Double,
    solver: LimitedMemoryBFGS = LimitedMemoryBFGS()
  ) throws {
    standardization = try Standardization(x, first: standardized)
    let x = try Self.withOne(standardization(x))
    let transposed = try x.permuted([1, 0]).contiguous()
    let share = 1 / Double(labels.count)
    let target = try OneHot.rows(labels, classes: classes)
    // A class that the sample does not show is not said either.
    let seen = try target.sum([0]).clamped(0, 1)
    let absent = try seen.log()
    var ridge = [Double](repeating: penalty * share, count: x.shape[1])
    ridge[x.shape[1] - 1] = 0
    let decay = try Tensor(ridge, shape: [x.shape[1], 1])
    let linear = try transposed.matmul(target) * share
    let found = try solver.minimum(from: .zeros([x.shape[1], classes], .float64)) { weights in
      let scores = try x.matmul(weights)
      let total = try (scores + absent).logSumExp(1)
      let posterior = try (scores + absent - total.unsqueezed(1)).exp()
      let decayed = try weights * decay
      return (
        try (total.sum() * share - (weights * linear).sum() + (weights * decayed).sum() * 0.5).scalar(),
        try transposed.matmul(posterior) * share - linear + decayed
      )
    }
    // −∞ in the intercept of what was not seen.
    weights = try Tensor.cat(
      [
        found.narrow(0, start: 0, length: x.shape[1] - 1),
        found.narrow(0, start: x.shape[1] - 1, length: 1) + absent.unsqueezed(0),
      ], axis: 0)
  }

  private static func withOne(_ x: Tensor) throws -> Tensor {
    try Tensor.cat([x, .full([x.shape[0], 1], 1, .float64)], axis: 1)
  }

  /// log P(y | x), `float64 [N, K]`.
  func logPosterior(_ x: Tensor) throws -> Tensor {
    try Self.withOne(standardization(x)).matmul(weights).logSoftmax(1)
  }
}
