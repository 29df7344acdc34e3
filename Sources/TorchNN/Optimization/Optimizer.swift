public import Torch

/// Changes parameters in place along their gradients.
public protocol Optimizer: AnyObject {
  var parameters: [Parameter] { get }

  /// One step; `gradients` are in the order of `parameters`.
  func step(_ gradients: [Tensor], learningRate: Double) throws

  /// The tensors that a checkpoint must keep, by name; they are overwritten in place on resume.
  var state: [String: Tensor] { get }
}

extension Optimizer {
  /// Takes over the state of a checkpoint.
  /// - Throws: `TensorError` when a tensor is missing or has another shape.
  public func restore(_ saved: [String: Tensor]) throws {
    for (name, tensor) in state {
      guard let value = saved[name], value.shape == tensor.shape else {
        throw TensorError("the checkpoint's optimiser state lacks '\(name)' of shape \(tensor.shape)")
      }
      try tensor.copy_(value)
    }
  }
}

/// Scales `gradients` in place so that their joint L2 norm is at most `limit` (Pascanu et al. 2013).
/// - Returns: the norm before.
@discardableResult
public func clipGradients(_ gradients: [Tensor], limit: Double) throws -> Double {
  var total = 0.0
  for gradient in gradients { total += try gradient.squared().sum().scalar() }
  let norm = total.squareRoot()
  if norm > limit { for gradient in gradients { try gradient.mul_(limit / (norm + 1e-6)) } }
  return norm
}
