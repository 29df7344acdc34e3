internal import Torch

/// What is compared on tables.
enum Learner: String, Codable, Sendable, CaseIterable {
  case gaussian = "Gaussian naive Bayes"
  case gaussianPerClass = "Gaussian naive Bayes, a variance per class"
  case multinomial = "multinomial naive Bayes"
  case logistic = "logistic regression"
  case looseLogistic = "logistic regression, hardly a penalty"

  var isGenerative: Bool { self != .logistic && self != .looseLogistic }

  /// The learners that make sense of a table's columns.
  static func all(for columns: Table.Columns) -> [Learner] {
    allCases.filter { learner in
      switch learner {
      case .gaussian, .gaussianPerClass: columns.numbers + columns.counts > 0
      case .multinomial: columns.counts > 0 || !columns.levels.isEmpty && columns.numbers == 0
      case .logistic, .looseLogistic: true
      }
    }
  }

  /// The share of the new rows whose class is not found.
  func error(
    _ known: (x: Tensor, labels: [Int]), new: (x: Tensor, labels: [Int]), classes: Int,
    columns: Table.Columns
  ) throws -> Double {
    func naiveBayes(_ variance: NaiveBayes.Variance, countsAreDrawn: Bool = false) throws -> Tensor {
      try NaiveBayes(
        known.x, labels: known.labels, classes: classes, columns: columns, variance: variance,
        countsAreDrawn: countsAreDrawn
      ).logJoint(new.x)
    }
    func logistic(penalty: Double) throws -> Tensor {
      try LogisticRegression(
        known.x, labels: known.labels, classes: classes, standardized: columns.numbers + columns.counts,
        penalty: penalty
      ).logPosterior(new.x)
    }
    let scores =
      switch self {
      case .gaussian: try naiveBayes(.shared)
      case .gaussianPerClass: try naiveBayes(.perClass)
      case .multinomial: try naiveBayes(.shared, countsAreDrawn: true)
      case .logistic: try logistic(penalty: 1)
      case .looseLogistic: try logistic(penalty: 1e-3)
      }
    let found = try scores.argmax(1).elements(Int64.self)
    return Double(zip(found, new.labels).count { Int($0) != $1 }) / Double(new.labels.count)
  }
}
