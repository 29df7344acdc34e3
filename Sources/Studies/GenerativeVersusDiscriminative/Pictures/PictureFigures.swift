internal import Foundation
internal import ModelEvaluation

/// Figures of several choices of training pictures as one.
struct PictureFigures: Sendable {
  let runs: [PictureRun]

  typealias Figure = (mean: Double, standardError: Double)

  /// The learner of P(class | picture).
  static let discriminative = "discriminative"
  /// What counts as a confident answer.
  static let sure = 0.99

  var hasStrangers: Bool { runs.contains { $0.answers[.strangers] != nil } }

  /// Two that tell the story: about a thousand pictures, and all.
  var shownSizes: [Int] {
    let middle = sizes.min { abs(log(Double($0) / 1000)) < abs(log(Double($1) / 1000)) }
    return Array(Set([middle, sizes.last].compactMap { $0 })).sorted()
  }

  /// In the order of the runs, the generative ones first.
  var learners: [String] {
    let all = runs.map(\.learner).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return all.filter(isGenerative) + all.filter { !isGenerative($0) }
  }
  var generative: [String] { learners.filter(isGenerative) }
  var sizes: [Int] { Set(runs.filter { !$0.isContaminated }.map(\.size)).sorted() }
  var contaminatedSizes: [Int] { Set(runs.filter(\.isContaminated).map(\.size)).sorted() }

  func isGenerative(_ learner: String) -> Bool { runs.first { $0.learner == learner }?.isGenerative ?? false }

  func some(_ learner: String, _ size: Int, isContaminated: Bool = false) -> [PictureRun] {
    runs.filter { $0.learner == learner && $0.size == size && $0.isContaminated == isContaminated }
  }

  /// The mean over choices. Its standard error is of choices, where there are several, and of test
  /// pictures.
  /// - Returns: nil where there is none.
  func figure(
    _ learner: String, _ size: Int, isContaminated: Bool = false, _ value: (PictureRun) -> Figure?
  ) -> Figure? {
    let values = some(learner, size, isContaminated: isContaminated).compactMap(value)
    guard !values.isEmpty else { return nil }
    let (mean, spread) = meanWithError(values.map(\.mean))
    let own = values.map(\.standardError).reduce(0, +) / Double(values.count)
    return (mean, (own * own + (values.count > 1 ? spread * spread : 0)).squareRoot())
  }

  func error(_ learner: String, _ size: Int, _ condition: PictureCondition, isContaminated: Bool = false)
    -> Figure?
  {
    figure(learner, size, isContaminated: isContaminated) { $0.answers[condition]?.error }
  }

  /// How much more often a learner is wrong with strangers among its training pictures.
  func harm(_ learner: String, _ size: Int) -> Figure? {
    guard let clean = error(learner, size, .clean),
      let contaminated = error(learner, size, .clean, isContaminated: true)
    else { return nil }
    return Self.difference(contaminated, clean)
  }

  static func difference(_ a: Figure, _ b: Figure) -> Figure {
    (
      a.mean - b.mean,
      (a.standardError * a.standardError + b.standardError * b.standardError).squareRoot()
    )
  }
}

extension PictureRun {
  /// Share of pictures on which the model saves less over a PNG file than on all but a hundredth of held-out ones.
  func refused(_ condition: PictureCondition) -> PictureFigures.Figure? {
    answers[condition]?.typicality.map { meanWithError($0.map { $0 < 0.01 ? 1 : 0 }) }
  }

  /// Test pictures and strangers together, of which the strangers are always answered wrongly.
  /// - Parameter byTypicality: whether the surest answers are on the most typical pictures, instead of those of the
  ///   highest posterior.
  func mixedRisk(byTypicality: Bool, coverages: [Double]) -> [Double]? {
    guard let own = answers[.clean], let strange = answers[.strangers] else { return nil }
    let scores =
      byTypicality
      ? own.typicality.flatMap { a in strange.typicality.map { a + $0 } }
      : own.confidence + strange.confidence
    return scores.map {
      Abstention.risk(scores: $0, isRight: own.isRight + strange.isRight, coverages: coverages)
    }
  }
}
