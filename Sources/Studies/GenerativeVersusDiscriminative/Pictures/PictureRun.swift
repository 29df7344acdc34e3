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
  let seconds: Double
  let steps: Int
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

/// How often answers are wrong when only the surest are given: the risk-coverage curve (El-Yaniv & Wiener 2010, "On the
/// foundations of noise-free selective classification").
enum Abstention {
  /// - Parameters:
  ///   - scores: how sure each answer is; equal ones are given together or not at all, so that their order is nothing.
  ///   - coverages: shares of answers that are given.
  /// - Returns: for each coverage the share of wrong ones among those given, equal scores counting as their mean.
  static func risk(scores: [Double], isRight: [Bool], coverages: [Double]) -> [Double] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var wrong = [0.0]
    var place = 0
    while place < order.count {
      var end = place
      while end < order.count, scores[order[end]] == scores[order[place]] { end += 1 }
      let share = Double(order[place..<end].count { !isRight[$0] }) / Double(end - place)
      for _ in place..<end { wrong.append(wrong.last! + share) }
      place = end
    }
    return coverages.map { coverage in
      let count = max(1, Int((coverage * Double(scores.count)).rounded()))
      return wrong[count] / Double(count)
    }
  }

  /// The mean risk over all coverages, 0 for none.
  static func area(scores: [Double], isRight: [Bool]) -> Double {
    let coverages = scores.indices.map { Double($0 + 1) / Double(scores.count) }
    return risk(scores: scores, isRight: isRight, coverages: coverages).reduce(0, +) / Double(scores.count)
  }
}
