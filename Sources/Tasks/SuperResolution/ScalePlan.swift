internal import Foundation

/// How a scale between those of the models is reached: through models whose factors multiply to at least as much,
/// then an antialiased resampling to the size that was asked for. Nothing is ever enlarged by resampling.
struct ScalePlan: Equatable, Sendable {
  /// Factors of the models, in the order in which they are applied; the largest first.
  let factors: [Int]
  let scale: Double

  /// The scales that can be asked for.
  static let range = 1.1...16.0

  /// The fewest passes whose product reaches `scale`; among those the smallest product.
  /// - Parameter available: factors of the models there are; not empty, all at least 2.
  init(scale: Double, available: [Int]) {
    self.scale = scale
    var candidates: [[Int]] = [[]]
    while !candidates.contains(where: { Double(Self.product($0)) >= scale }) {
      candidates = candidates.flatMap { chain in
        available.filter { $0 <= chain.last ?? Int.max }.map { chain + [$0] }
      }
    }
    let enough = candidates.filter { Double(Self.product($0)) >= scale }
    // The loop ends with at least one.
    factors = enough.min { (Self.product($0), $0) < (Self.product($1), $1) } ?? []
  }

  var product: Int { Self.product(factors) }

  /// Whether the models alone give the scale.
  var isExact: Bool { Double(product) == scale }

  /// A side of the result; at least 1.
  func length(_ side: Int) -> Int { max(1, Int((Double(side) * scale).rounded())) }

  private static func product(_ factors: [Int]) -> Int { factors.reduce(1, *) }
}

private func < (a: (Int, [Int]), b: (Int, [Int])) -> Bool {
  a.0 != b.0 ? a.0 < b.0 : a.1.lexicographicallyPrecedes(b.1)
}
