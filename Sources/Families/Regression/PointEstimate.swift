public import Conditioners
public import Torch

/// P(x | y) reduced to one point: its mean with the squared loss, its median with the absolute one.
///
/// The family that answers what is most to be expected and nothing about what else could be; its "sample" is the
/// same for every seed. It has no density.
public struct PointEstimate: Sampling, Trainable {
  /// What is minimised, and so which point of P(x | y) is learned.
  public enum Loss: String, Codable, Sendable, CaseIterable {
    /// |x − x̂|: the median.
    case absolute
    /// (x − x̂)²: the mean.
    case squared
  }

  /// From y to x̂; the backbone, injected.
  public let backbone: @Sendable (Conditioning) throws -> Tensor
  public let loss: Loss

  public init(loss: Loss = .absolute, backbone: @escaping @Sendable (Conditioning) throws -> Tensor) {
    self.loss = loss
    self.backbone = backbone
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try backbone(conditioning)
  }

  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let difference = try backbone(conditioning) - x
    return switch loss {
    case .absolute: try difference.abs().mean()
    case .squared: try difference.squared().mean()
    }
  }
}
