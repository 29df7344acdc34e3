internal import Foundation

/// A learning rate that rises linearly and falls along half a cosine (Loshchilov and Hutter 2017, equation 5).
public struct CosineSchedule: Sendable {
  public let peak: Double
  public let floor: Double
  public let warmup: Int
  public let steps: Int

  /// - Parameters:
  ///   - peak: the highest rate, reached after `warmup` steps.
  ///   - floor: the rate after the last step.
  ///   - steps: all steps, those of the warm-up included.
  public init(peak: Double, floor: Double = 0, warmup: Int, steps: Int) {
    self.peak = peak
    self.floor = floor
    self.warmup = warmup
    self.steps = steps
  }

  /// The rate at `step`, counted from 0; the floor after the last.
  public func rate(at step: Int) -> Double {
    if step < warmup { return peak * Double(step + 1) / Double(warmup) }
    let progress = min(1, Double(step - warmup) / Double(max(1, steps - warmup)))
    return floor + (peak - floor) * 0.5 * (1 + cos(Double.pi * progress))
  }
}
