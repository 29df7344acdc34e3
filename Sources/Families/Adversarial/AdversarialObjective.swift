internal import Foundation
public import Torch

/// What discriminator and generator strive for. With a discriminator's number v the first raises `real(v)` on data and
/// lowers `fake(v)` on draws; the generator lowers `generator(v)` on its draws.
///
/// The f-divergences are those of Nowozin et al. 2016, "f-GAN", tables 2 and 6: `real` is the activation g(v), `fake` the
/// conjugate f*(g(v)); `jensen-shannon` is the row called GAN, whose value is twice that divergence less log 4. The generator raises g(v) instead of f*(g(v)), as section 3.2 there advises.
public enum AdversarialObjective: String, Codable, Sendable, CaseIterable {
  case jensenShannon = "jensen-shannon"
  case kullbackLeibler = "kullback-leibler"
  case reverseKullbackLeibler = "reverse-kullback-leibler"
  case pearson
  /// Lim & Ye 2017, "Geometric GAN".
  case hinge
  /// Arjovsky et al. 2017; the gradient penalty keeps the discriminator smooth.
  case wasserstein

  public func real(_ v: Tensor) throws -> Tensor {
    switch self {
    case .jensenShannon: try -(-v).softplus()
    case .kullbackLeibler, .pearson, .wasserstein: v
    case .reverseKullbackLeibler: try -Self.exponential(-v)
    case .hinge: try -(1 - v).relu()
    }
  }

  public func fake(_ v: Tensor) throws -> Tensor {
    switch self {
    case .jensenShannon: try v.softplus()
    case .kullbackLeibler: try Self.exponential(v - 1)
    case .reverseKullbackLeibler: try v - 1
    case .pearson: try v.squared() / 4 + v
    case .hinge: try (v + 1).relu()
    case .wasserstein: v
    }
  }

  public func generator(_ v: Tensor) throws -> Tensor {
    self == .hinge ? try -v : try -real(v)
  }

  /// e^x, beyond 10 as its tangent there: finite, and still with a slope to turn back along.
  private static func exponential(_ x: Tensor) throws -> Tensor {
    let bounded = try x.clamped(-1000, 10)
    return try bounded.exp() + (x - 10).relu() * Foundation.exp(10)
  }
}
