internal import Foundation

/// Whether an x is like those that a model was trained on, by how much the model knows about it.
///
/// A high density is no proof: a model may give what it has never seen more density than anything it has
/// (Nalisnick et al. 2019, "Do deep generative models know what they don't know?"), for simple x are probable under any
/// model. So what counts is what the model saves over a code that knows nothing but simplicity, such as a PNG file
/// (Serrà et al. 2020, "Input complexity and out-of-distribution detection with likelihood-based generative models",
/// equation 4): x is unusual when the model saves less on it than on almost all held-out samples.
public struct Typicality: Codable, Sendable, Equatable {
  /// Savings of held-out samples, at equally spaced ranks, the lowest first.
  public let quantiles: [Double]

  /// - Parameter values: of held-out samples; at least two.
  public init(heldOut values: [Double], count: Int = 1001) {
    let sorted = values.sorted()
    quantiles = (0..<min(count, sorted.count)).map {
      sorted[$0 * (sorted.count - 1) / max(1, min(count, sorted.count) - 1)]
    }
  }

  /// The share of held-out samples on which the model saves no more than `saving`: about uniform over 0…1 for samples
  /// of the model's own kind, so that rejecting below α rejects a share α of them.
  public func callAsFunction(_ saving: Double) -> Double {
    guard saving.isFinite else { return 0 }
    // x itself counts as one of them: with few held-out samples nothing is proven strange.
    return Double(quantiles.count { $0 <= saving } + 1) / Double(quantiles.count + 1)
  }

  /// Whether a file's word can be believed.
  public var isPlausible: Bool {
    quantiles.count >= 2 && quantiles.allSatisfy(\.isFinite)
      && zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 <= $1 }
  }
}
