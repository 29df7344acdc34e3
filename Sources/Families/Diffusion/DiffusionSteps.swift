internal import Foundation
internal import Samplers
public import StepInference
internal import TorchNN
public import Torch

/// Draws of a `DiffusionFamily` whose x is a short vector, one at a time without libtorch: what `sample` gives for the same
/// noise, but for rounding. What the network makes of the levels' times is known beforehand.
public struct DiffusionSteps: Sendable {
  private let configuration: DiffusionFamily.Configuration
  private let steps: [(step: LinearSteps.Step, moment: PerceptronSteps.Moment)]
  private let network: PerceptronSteps
  private let bounds: ClosedRange<Double>?

  /// - Returns: nil for samplers with noise of their own, two evaluations a step, or guidance.
  public init?(
    _ configuration: DiffusionFamily.Configuration, settings: DiffusionFamily.SamplerSettings,
    bounds: ClosedRange<Double>?, network: PerceptronSteps
  ) {
    guard settings.guidance == 1 else { return nil }
    let linear: LinearSteps
    switch settings.name {
    case .euler: linear = .euler(settings.levels)
    case .dpmSolver: linear = .dpmSolver(settings.levels)
    case .heun, .ddim, .ancestral: return nil
    }
    (self.configuration, self.network, self.bounds) = (configuration, network, bounds)
    steps = linear.steps.map { ($0, network.moment(Float(log($0.sigma) / 4))) }
  }

  /// Network evaluations of a draw.
  public var evaluations: Int { steps.count }

  /// - Parameter noise: of the one sample; its stream is that of `DiffusionFamily.sample`.
  public func draw(_ told: PerceptronSteps.Told, noise: BatchNoise) -> [Float] {
    let largest = Float(steps.first?.step.sigma ?? 1)
    var z = noise.row(0, stream: "start").normal(count: network.configuration.inputs).map { $0 * largest }
    var before = [Float](repeating: 0, count: z.count)
    for (step, moment) in steps {
      let total = 1 + step.sigma * step.sigma
      let (inside, outside) = (Float(1 / total.squareRoot()), Float(step.sigma / total.squareRoot()))
      let f = network(z.map { $0 * inside }, told: told, moment: moment)
      let own = Float(1 / total)
      let (a, b, c) = (Float(step.x), Float(step.clean), Float(step.before))
      for index in z.indices {
        let clean = bounded(z[index] * own + f[index] * outside)
        z[index] = a * z[index] + b * clean + c * before[index]
        before[index] = clean
      }
    }
    let (mean, deviation) = (Float(configuration.mean), Float(configuration.deviation))
    return z.map { $0 * deviation + mean }
  }

  private func bounded(_ value: Float) -> Float {
    guard let bounds else { return value }
    let low = Float((bounds.lowerBound - configuration.mean) / configuration.deviation)
    let high = Float((bounds.upperBound - configuration.mean) / configuration.deviation)
    return min(max(value, low), high)
  }
}
