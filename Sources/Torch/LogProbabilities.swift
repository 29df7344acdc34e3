internal import Foundation

extension Collection where Element == Double {
  /// log Σ exp(x) of natural logarithms of any size; −∞ for none.
  public var logSumExp: Double {
    guard let most = self.max(), most > -.infinity else { return -.infinity }
    return most + log(reduce(0) { $0 + exp($1 - most) })
  }

  /// exp(x) of each over the sum of all, for natural logarithms of any size.
  /// - Precondition: one of them is above −∞.
  public var softmax: [Double] {
    let most = self.max() ?? 0
    let each = map { exp($0 - most) }
    let sum = each.reduce(0, +)
    return each.map { $0 / sum }
  }
}
