public import Torch

/// How differently two pictures look to a network: the squared distance of the unit vectors that its channels are at a place,
/// averaged over the places of a level, then over the levels (Zhang et al. 2018, "The unreasonable effectiveness of deep
/// features as a perceptual metric", equation 1, with all channels of one weight).
///
/// 0 for equal pictures; 2 where two have no feature in common. Figures of different networks do not compare.
public struct FeatureDistance: Sendable {
  /// From `[N, C, H, W]` to `[N, K, h, w]` for each level, the numbers at least 0.
  public typealias Levels = @Sendable (_ x: Tensor) throws -> [Tensor]

  private let levels: Levels

  public init(_ levels: @escaping Levels) { self.levels = levels }

  /// The mean over N pairs of pictures, as a tensor to be differentiated or read.
  /// - Parameters:
  ///   - a: `[N, C, H, W]` as the network wants them.
  ///   - b: of the same shape.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let each = try zip(levels(a), levels(b)).map { a, b in
      try (Self.unit(a) - Self.unit(b)).squared().sum([1]).mean()
    }
    return try each.dropFirst().reduce(each[0]) { try $0 + $1 } / Double(each.count)
  }

  /// Vectors of which all numbers are next to 0 stay short.
  private static func unit(_ x: Tensor) throws -> Tensor {
    try x / (x.squared().sum([1], keepAxes: true) + 1e-4).squareRoot()
  }
}
