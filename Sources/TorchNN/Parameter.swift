public import Torch

/// A tensor that belongs to a module: a trained weight, or a buffer that is stored but not trained.
public final class Parameter: @unchecked Sendable {
  /// How a fresh parameter is filled.
  public enum Initialization: Sendable {
    case constant(Double)
    /// Uniform over −bound … bound.
    case uniform(bound: Double)
    /// Normal with mean 0.
    case normal(deviation: Double)
  }

  /// Read by any thread while nobody trains; replaced only by `load`, the trainer and `to(device:)`.
  public var value: Tensor
  public let isTrainable: Bool
  let initialization: Initialization

  /// - Throws: `TensorError` when libtorch cannot be loaded.
  public init(_ shape: [Int], _ initialization: Initialization, isTrainable: Bool = true) throws {
    self.initialization = initialization
    self.isTrainable = isTrainable
    value =
      switch initialization {
      case .constant(let constant): try .full(shape, constant)
      default: try .zeros(shape)
      }
  }

  func fill(_ noise: KeyedNoise) throws {
    let shape = value.shape
    let count = value.count
    switch initialization {
    case .constant(let constant):
      value = try .full(shape, constant)
    case .uniform(let bound):
      value = try Tensor(noise.uniform(count: count).map { ($0 * 2 - 1) * Float(bound) }, shape: shape)
    case .normal(let deviation):
      value = try Tensor(noise.normal(count: count).map { $0 * Float(deviation) }, shape: shape)
    }
  }
}
