internal import Foundation
internal import ModelEvaluation
internal import Torch

/// The statistical generative model with its prior: P(x, y) = P(y) Π P(x_i | y), every feature by itself given the class.
///
/// Numbers are Gaussian, categories multinomial with Laplace's one more of each level (Ng & Jordan 2002, section 2), and
/// counts either Gaussian too, or together one multinomial draw of as many things as they add up to (McCallum & Nigam
/// 1998, "A comparison of event models for naive Bayes text classification", equation 6, without the coefficient that is
/// the same for all classes).
struct NaiveBayes: Sendable {
  enum Variance: Sendable {
    /// One for all classes, which makes the boundary linear: the partner of logistic regression.
    case shared
    /// One for each class.
    case perClass
  }

  /// log P(y), `float64 [K]`; −∞ for a class that the sample does not show.
  private let logPrior: Tensor
  private let standardization: Standardization
  /// Columns that are Gaussian, the first ones.
  private let gaussians: Int
  /// Coefficients of the squares and of the values of Gaussian columns, `float64 [K, D]`.
  private let squares: Tensor
  private let values: Tensor
  /// Of the other columns, log P(level | y), `float64 [K, L]`.
  private let logLevels: Tensor
  /// `float64 [K]`.
  private let constants: Tensor

  /// - Parameters:
  ///   - x: `float64 [N, D]`.
  ///   - labels: of each row, below `classes`.
  ///   - countsAreDrawn: whether counts are one multinomial draw instead of Gaussian.
  ///   - priorWeight: values of the whole sample's variance that are added to those that a variance is estimated from; with
  ///     0 a class of one row would have none.
  init(
    _ x: Tensor, labels: [Int], classes: Int, columns: Table.Columns, variance: Variance,
    countsAreDrawn: Bool, priorWeight: Double = 1
  ) throws {
    gaussians = columns.numbers + (countsAreDrawn ? 0 : columns.counts)
    standardization = try Standardization(x, first: gaussians)
    let x = try standardization(x)
    let oneHot = try OneHot.rows(labels, classes: classes)
    let transposed = try oneHot.permuted([1, 0])
    let counts = try oneHot.sum([0])
    logPrior = try (counts / Double(labels.count)).log()

    let numbers = try x.narrow(1, start: 0, length: gaussians)
    let divisors = try counts.clamped(1, .infinity).unsqueezed(1)
    let means = try transposed.matmul(numbers) / divisors
    let residuals = try (numbers - oneHot.matmul(means)).squared()
    // The sample has variance 1.
    let variances =
      switch variance {
      case .shared:
        try ((residuals.sum([0], keepAxes: true) + priorWeight) / (Double(labels.count) + priorWeight))
          .clamped(1e-9, .infinity).expanded([classes, gaussians]).contiguous()
      case .perClass:
        try
          ((transposed.matmul(residuals) + priorWeight)
          / (counts.unsqueezed(1) + priorWeight).clamped(
            1e-9, .infinity)).clamped(1e-9, .infinity)
      }
    squares = try -0.5 / variances
    values = try means / variances
    // Densities are of the columns as they came.
    let scale = try standardization.factor.narrow(0, start: 0, length: gaussians).clamped(1e-300, .infinity)
      .log().sum()
    constants = try (means.squared() / variances + (variances * (2 * .pi)).log()).sum([1]) * -0.5 + scale

    let drawn = countsAreDrawn && columns.counts > 0 ? [gaussians..<gaussians + columns.counts] : []
    let levels = try (drawn + columns.categories).map { range in
      let seen = try transposed.matmul(x.narrow(1, start: range.lowerBound, length: range.count)) + 1
      return try (seen / seen.sum([1], keepAxes: true)).log()
    }
    logLevels =
      try levels.isEmpty ? .zeros([classes, 0], .float64) : Tensor.cat(levels, axis: 1)
  }

  /// log P(x, y) in nats, `float64 [N, K]`.
  func logJoint(_ x: Tensor) throws -> Tensor {
    let x = try standardization(x)
    let numbers = try x.narrow(1, start: 0, length: gaussians)
    let rest = try x.narrow(1, start: gaussians, length: x.shape[1] - gaussians)
    return try numbers.squared().matmul(squares.permuted([1, 0]))
      + numbers.matmul(values.permuted([1, 0])) + rest.matmul(logLevels.permuted([1, 0])) + constants
      + logPrior
  }
}
