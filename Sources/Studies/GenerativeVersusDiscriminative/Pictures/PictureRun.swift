internal import ClassImageTask
internal import Foundation
internal import MediaTensors
internal import ModelEvaluation

/// One training, and what came of it.
struct PictureRun: Codable, Sendable {
  let learner: String
  /// Pictures trained on.
  let size: Int
  let round: Int
  let isContaminated: Bool
  /// By how the test pictures were shown; without what a learner cannot answer.
  let answers: [PictureCondition: Answers]

  var isGenerative: Bool { answers[.clean]?.typicality != nil }
}

/// What a model said of test pictures.
struct Answers: Codable, Sendable, Equatable {
  /// P(class | picture) of the class that was named.
  let confidence: [Double]
  /// Whether it was the right one; never for strangers.
  let isRight: [Bool]
  /// −log P(right class | picture) in nats; empty for strangers.
  let losses: [Double]
  let typicality: [Double]?

  /// - Parameter labels: nil for strangers.
  init(_ verdicts: [PictureVerdict], labels: [Int]?) {
    confidence = verdicts.map { exp($0.logPosterior[$0.best]) }
    isRight = verdicts.enumerated().map { labels?[$0] == $1.best }
    losses = labels.map { zip(verdicts, $0).map { -$0.logPosterior[$1] } } ?? []
    let known = verdicts.compactMap(\.typicality)
    typicality = known.count == verdicts.count ? known : nil
  }

  /// Share of wrong answers.
  var error: (mean: Double, standardError: Double) { meanWithError(isRight.map { $0 ? 0 : 1 }) }

  /// Share of all pictures that are answered wrongly with so much confidence or more.
  func confidentErrors(_ least: Double) -> (mean: Double, standardError: Double) {
    meanWithError(zip(confidence, isRight).map { $0 >= least && !$1 ? 1 : 0 })
  }

  var meanLoss: (mean: Double, standardError: Double) { meanWithError(losses) }
}
