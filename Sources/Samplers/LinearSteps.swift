internal import Foundation

/// A sampler as numbers: every step of the deterministic first-order and multistep samplers is x' = a x + b D + c D₋₁ of the
/// clean x that this step's evaluation gives and the one before. For engines whose x is no tensor.
public struct LinearSteps: Sendable {
  public struct Step: Sendable, Equatable {
    /// Of the evaluation.
    public let sigma: Double
    public let x: Double
    public let clean: Double
    /// 0 in the first step.
    public let before: Double
  }

  public let steps: [Step]

  /// What `sampleEuler` does.
  public static func euler(_ levels: NoiseLevels) -> LinearSteps {
    LinearSteps(
      steps: zip(levels.sigmas, levels.sigmas.dropFirst()).map { now, next in
        Step(sigma: now, x: next / now, clean: 1 - next / now, before: 0)
      })
  }

  /// What `sampleDPMSolver` does.
  public static func dpmSolver(_ levels: NoiseLevels) -> LinearSteps {
    var steps: [Step] = []
    var lastWidth: Double?
    for (now, next) in zip(levels.sigmas, levels.sigmas.dropFirst()) {
      guard next > 0 else {
        steps.append(Step(sigma: now, x: 0, clean: 1, before: 0))
        break
      }
      let width = log(now / next)
      let share = 1 - exp(-width)
      let half = lastWidth.map { width / $0 / 2 } ?? 0
      steps.append(Step(sigma: now, x: next / now, clean: share * (1 + half), before: -share * half))
      lastWidth = width
    }
    return LinearSteps(steps: steps)
  }
}
