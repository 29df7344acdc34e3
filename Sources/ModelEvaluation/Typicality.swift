internal import Foundation

/// Whether an x is like those that a model was trained on, by how probable the model finds it.
///
/// A high density is no proof: a model may give what it has never seen more density than anything it has
/// (Nalisnick et al. 2019, "Do deep generative models know what they don't know?"). So both ends count: x is unusual
/// when few held-out samples are as far from the middle of the held-out log densities.
public struct Typicality: Codable, Sendable, Equatable {
  /// Log densities a dimension of held-out samples, at equally spaced ranks, the lowest first.
  public let quantiles: [Double]

  /// - Parameter values: of held-out samples; at least two.
  public init(heldOut values: [Double], count: Int = 1001) {
    let sorted = values.sorted()
    quantiles = (0..<min(count, sorted.count)).map {
      sorted[$0 * (sorted.count - 1) / max(1, min(count, sorted.count) - 1)]
    }
  }

  /// The share of held-out samples at least as unusual as `value`: about uniform over 0…1 for samples of the model's
  /// own kind, so that rejecting below α rejects a share α of them.
  public func callAsFunction(_ value: Double) -> Double {
    guard value.isFinite else { return 0 }
    // x itself counts as one of them: with few held-out samples nothing is proven strange.
    let count = Double(quantiles.count + 1)
    let notAbove = Double(quantiles.count { $0 <= value } + 1) / count
    let notBelow = Double(quantiles.count { $0 >= value } + 1) / count
    return min(1, 2 * min(notAbove, notBelow))
  }

  /// Whether a file's word can be believed.
  public var isPlausible: Bool {
    quantiles.count >= 2 && quantiles.allSatisfy(\.isFinite)
      && zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 <= $1 }
  }
}
