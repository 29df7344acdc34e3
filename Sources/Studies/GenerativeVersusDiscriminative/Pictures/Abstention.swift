/// How often answers are wrong when only the surest are given: the risk-coverage curve (El-Yaniv & Wiener 2010, "On the
/// foundations of noise-free selective classification").
enum Abstention {
  /// - Parameters:
  ///   - scores: how sure each answer is; equal ones are given together or not at all, so that their order is nothing.
  ///   - coverages: shares of answers that are given.
  /// - Precondition: there is a score.
  /// - Returns: for each coverage the share of wrong ones among those given, equal scores counting as their mean.
  static func risk(scores: [Double], isRight: [Bool], coverages: [Double]) -> [Double] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var wrong = [0.0]
    var place = 0
    while place < order.count {
      // A score that is no number equals nothing, not even itself.
      var end = place + 1
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
}
