internal import Foundation

/// Which of two learners is ahead, as the sample grows.
enum Crossing: Equatable, Sendable {
  /// The first is ahead in small samples, the second from about so many rows on: as the theory has it.
  case crosses(rows: Double)
  /// The other way round.
  case crossesBack(rows: Double)
  /// One is ahead at some sizes, and the other at none.
  case firstAhead, secondAhead
  /// More than one change.
  case changes
  /// No difference is larger than chance.
  case even

  /// - Parameter advantages: of the first over the second, for ascending numbers of rows; one counts when it is more than
  ///   twice its standard error.
  init(_ advantages: [(rows: Int, mean: Double, standardError: Double)]) {
    let sure = advantages.indices.filter {
      abs(advantages[$0].mean) > 2 * advantages[$0].standardError
    }
    let changes = zip(sure, sure.dropFirst()).filter { advantages[$0].mean * advantages[$1].mean < 0 }
    guard let first = sure.first else {
      self = .even
      return
    }
    guard let change = changes.first else {
      self = advantages[first].mean > 0 ? .firstAhead : .secondAhead
      return
    }
    guard changes.count == 1 else {
      self = .changes
      return
    }
    // Between the two that are sure there is a place where the sign changes for good.
    let place = (change.0..<change.1).last { advantages[$0].mean * advantages[change.0].mean > 0 } ?? change.0
    let (a, b) = (advantages[place], advantages[place + 1])
    let share = a.mean / (a.mean - b.mean)
    let rows = exp(log(Double(a.rows)) * (1 - share) + log(Double(b.rows)) * share)
    self = advantages[first].mean > 0 ? .crosses(rows: rows) : .crossesBack(rows: rows)
  }
}
