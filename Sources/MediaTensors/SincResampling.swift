internal import Foundation

/// Sound at another sample rate, by interpolation with a windowed sinc (Smith, "Digital audio resampling", 2002): zero
/// crossings to either side 16, Kaiser window of β = 8, cut off at 0.95 of the lower of the two Nyquist frequencies.
public enum SincResampling {
  private static let crossings = 16.0
  private static let beta = 8.0

  /// - Parameters:
  ///   - samples: one channel.
  ///   - from, to: samples a second.
  /// - Returns: as many seconds, at least one sample.
  public static func resampled(_ samples: [Float], from: Int, to: Int) -> [Float] {
    guard from != to, !samples.isEmpty else { return samples }
    let cutoff = 0.95 * min(1, Double(to) / Double(from))
    let reach = crossings / cutoff
    let norm = bessel(beta)
    let count = max(1, Int((Double(samples.count) * Double(to) / Double(from)).rounded()))
    return (0..<count).map { index in
      let place = Double(index) * Double(from) / Double(to)
      let lower = max(0, Int((place - reach).rounded(.up)))
      let upper = min(samples.count - 1, Int((place + reach).rounded(.down)))
      guard lower <= upper else { return 0 }
      var sum = 0.0
      for tap in lower...upper {
        let distance = Double(tap) - place
        let angle = Double.pi * cutoff * distance
        let sinc = abs(angle) < 1e-9 ? 1 : sin(angle) / angle
        let share = distance / reach
        sum +=
          Double(samples[tap]) * cutoff * sinc * bessel(beta * max(0, 1 - share * share).squareRoot()) / norm
      }
      return Float(sum)
    }
  }

  /// The modified Bessel function of order 0, by its power series.
  private static func bessel(_ x: Double) -> Double {
    var (term, sum, k) = (1.0, 1.0, 1.0)
    while term > sum * 1e-12 {
      term *= (x / (2 * k)) * (x / (2 * k))
      sum += term
      k += 1
    }
    return sum
  }
}
