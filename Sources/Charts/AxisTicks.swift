internal import Foundation

/// Round numbers along an axis.
struct AxisTicks: Equatable {
  let values: [Double]
  /// Digits after the point that tell them apart.
  let digits: Int

  /// About `count` multiples of 1, 2 or 5 times a power of ten, within the range.
  /// - Precondition: the range is finite and not empty.
  init(_ range: ClosedRange<Double>, count: Int) {
    let rough = (range.upperBound - range.lowerBound) / Double(max(1, count))
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    values = first <= last ? (0...Int(last - first)).map { (first + Double($0)) * step } : []
    digits = max(0, Int(-floor(log10(step) + 1e-9)))
  }
}

extension LineChart.Scale {
  /// Where a value stands along the axis; not finite for one that has no place.
  func callAsFunction(_ value: Double) -> Double {
    switch self {
    case .linear: value
    case .logarithmic: value > 0 ? log10(value) : .nan
    }
  }

  /// Values to mark, with what is written beside them.
  /// - Parameter range: as the axis has it.
  func ticks(_ range: ClosedRange<Double>, count: Int) -> [(value: Double, text: String)] {
    switch self {
    case .linear:
      let ticks = AxisTicks(range, count: count)
      return ticks.values.map { ($0, String(format: "%.\(ticks.digits)f", $0)) }
    case .logarithmic:
      let decades = Int(range.lowerBound.rounded(.down))...Int(range.upperBound.rounded(.up))
      // All of 1, 2 and 5 where there is room, else fewer, else powers of ten.
      let choices = [[1.0, 2, 5], [1, 3], [1]]
      let values = choices.lazy.map { factors in
        decades.flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
          .filter { range.contains(log10($0)) }
      }
      // A range within a factor of two or so may have none of them.
      let chosen =
        values.first { (2...max(2, count)).contains($0.count) }
        ?? (decades.count > 2
          ? values.last
          : AxisTicks(pow(10, range.lowerBound)...pow(10, range.upperBound), count: count).values) ?? []
      return chosen.map { ($0, String(format: "%g", $0)) }
    }
  }
}
