internal import Foundation

/// The fundamental frequency of a steady tone by its periods: the difference function of YIN (de Cheveigné & Kawahara
/// 2002, equations 6 to 8), made finer by following the period over its multiples.
///
/// Where hiss leaves no lag below the threshold, YIN takes the deepest dip of all; here the first that is nearly as deep is
/// taken, so that a tone's double period does not win by chance.
public enum PitchEstimate {
  /// Of the normalised difference: below the threshold a lag is a period; where none is, within the margin of the least;
  /// from `noise` on nothing is.
  private static let (threshold, margin, noise) = (0.15, 0.1, 0.7)
  /// Seconds over which a period is followed.
  private static let reach = 0.08

  /// - Parameters:
  ///   - samples: one channel, at least a tenth of a second.
  ///   - range: frequencies that are looked for, in hertz.
  /// - Returns: hertz; nil for silence, noise or too short a sound.
  public static func frequency(_ samples: [Float], sampleRate: Int, range: ClosedRange<Double> = 50...2500)
    -> Double?
  {
    let longest = Int(max(Double(sampleRate) / range.lowerBound, reach * Double(sampleRate))) + 2
    let window = samples.count - longest
    guard window >= longest / 2, samples.contains(where: { abs($0) > 1e-4 }) else { return nil }
    let x = samples.map(Double.init)
    var difference = [Double](repeating: 0, count: longest)
    for lag in 1..<longest {
      var sum = 0.0
      for index in 0..<window {
        let step = x[index] - x[index + lag]
        sum += step * step
      }
      difference[lag] = sum
    }
    /// The place of the least value near `lag`, between lags.
    func refined(_ lag: Int) -> Double {
      guard lag > 1, lag < longest - 1 else { return Double(lag) }
      let (a, b, c) = (difference[lag - 1], difference[lag], difference[lag + 1])
      let bend = a - 2 * b + c
      return bend > 0 ? Double(lag) + 0.5 * (a - c) / bend : Double(lag)
    }
    guard let first = period(difference, sampleRate, range) else { return nil }
    var period = refined(first)
    var multiple = 2
    while Double(multiple) * period < Double(longest - 2) {
      let middle = Double(multiple) * period
      let around = max(1, Int(middle - period / 4))...min(longest - 2, Int(middle + period / 4) + 1)
      guard let best = around.min(by: { difference[$0] < difference[$1] }),
        best != around.lowerBound, best != around.upperBound
      else { break }
      period = refined(best) / Double(multiple)
      multiple += 1
    }
    return Double(sampleRate) / period
  }

  /// The first lag at which the sound is like itself.
  private static func period(_ difference: [Double], _ sampleRate: Int, _ range: ClosedRange<Double>) -> Int?
  {
    let shortest = max(2, Int(Double(sampleRate) / range.upperBound))
    let longest = min(difference.count - 2, Int(Double(sampleRate) / range.lowerBound) + 1)
    guard shortest < longest else { return nil }
    var sum = 0.0
    var normalised = [Double](repeating: 1, count: difference.count)
    for lag in 1..<difference.count {
      sum += difference[lag]
      normalised[lag] = sum > 0 ? difference[lag] * Double(lag) / sum : 1
    }
    // Noise lifts all lags alike.
    guard let least = normalised[shortest..<longest].min(), least < noise else { return nil }
    let limit = max(threshold, least + margin)
    var lag = shortest
    while lag < longest {
      if normalised[lag] < limit {
        while lag < longest, normalised[lag + 1] < normalised[lag] { lag += 1 }
        return lag
      }
      lag += 1
    }
    return nil
  }
}
