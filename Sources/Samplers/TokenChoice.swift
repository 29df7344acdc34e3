internal import Foundation
internal import Torch

/// Which of a distribution's choices can come, and how often: all of them as they are, or the more probable ones alone.
///
/// First those that may not be are left out, then scores are divided by the temperature, then all but the `topK` most
/// probable left out, and of these all but the fewest that have `topP` of the probability together (Holtzman et al. 2020,
/// "The curious case of neural text degeneration", section 3.1).
public struct TokenChoice: Sendable, Equatable {
  /// 0 for the most probable choice alone.
  public var temperature: Double
  /// 0 for all.
  public var topK: Int
  /// 1 for all.
  public var topP: Double

  public init(temperature: Double = 1, topK: Int = 0, topP: Double = 1) {
    (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
  }

  /// - Parameters:
  ///   - scores: natural logarithms of probabilities, up to a constant.
  ///   - isAllowed: of each choice; one of them is.
  /// - Returns: probabilities that add up to 1, 0 for what is left out.
  public func probabilities(_ scores: some Collection<Float>, isAllowed: (Int) -> Bool = { _ in true })
    -> [Double]
  {
    var scores = scores.enumerated().map { isAllowed($0.offset) ? Double($0.element) : -.infinity }
    let most = scores.max() ?? -.infinity
    if temperature == 0 {
      // Of equals the first.
      let best = scores.firstIndex(of: most)
      return scores.indices.map { $0 == best ? 1 : 0 }
    }
    // The greatest is 0 before the division, so that no temperature is too low.
    for index in scores.indices { scores[index] = (scores[index] - most) / temperature }
    var probabilities = scores.softmax
    guard topK > 0 || topP < 1 else { return probabilities }
    let order = probabilities.indices.sorted {
      probabilities[$0] == probabilities[$1] ? $0 < $1 : probabilities[$0] > probabilities[$1]
    }
    var kept = 0.0
    let among = topK > 0 ? order.prefix(topK).reduce(0) { $0 + probabilities[$1] } : 1
    for (rank, index) in order.enumerated() {
      if (topK > 0 && rank >= topK) || (rank > 0 && topP < 1 && kept >= topP * among) {
        probabilities[index] = 0
      } else {
        kept += probabilities[index]
      }
    }
    return probabilities.map { $0 / kept }
  }
}
