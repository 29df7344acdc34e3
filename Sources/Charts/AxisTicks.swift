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
