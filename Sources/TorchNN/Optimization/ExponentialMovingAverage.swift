public import Torch

/// A slowly moving copy of trained parameters, which is what gets shipped (Polyak and Juditsky 1992).
public final class ExponentialMovingAverage {
  private let parameters: [(name: String, parameter: Parameter)]
  private let decay: Double
  private var count: Int
  public private(set) var averages: [String: Tensor]

  /// - Parameter decay: the share of the old average that each update keeps, once it has warmed up.
  public init(_ module: some Module, decay: Double) throws {
    self.parameters = module.namedParameters
    self.decay = decay
    count = 0
    averages = [:]
    for (name, parameter) in parameters { averages[name] = try parameter.value.detached().cloned() }
  }

  /// Moves the averages towards the present values.
  public func update() throws {
    count += 1
    // Early on the average would be dominated by the initial weights.
    let kept = min(decay, Double(count) / Double(count + 10))
    try Autograd.disabled {
      for (name, parameter) in parameters { try averages[name]!.lerp_(parameter.value, weight: 1 - kept) }
    }
  }

  /// Takes over the averages of a checkpoint after `count` updates.
  public func restore(_ saved: [String: Tensor], count: Int) throws {
    for (name, average) in averages {
      guard let value = saved[name], value.shape == average.shape else {
        throw TensorError("the checkpoint's averages lack '\(name)' of shape \(average.shape)")
      }
      try average.copy_(value)
    }
    self.count = count
  }
}
