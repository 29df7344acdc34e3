public import Torch

/// Normalises groups of channels over a picture (Wu & He 2018), named like `torch.nn.GroupNorm`.
public final class GroupNorm: Module {
  private static let normalize = Operator("aten::group_norm")

  /// What is added to the variance.
  static let epsilon = 1e-5

  public let weight: Parameter
  public let bias: Parameter
  private let groups: Int

  /// - Precondition: `groups` divides `channels`.
  public init(groups: Int, channels: Int) throws {
    precondition(channels % groups == 0, "\(groups) groups of \(channels) channels")
    self.groups = groups
    weight = try Parameter([channels], .constant(1))
    bias = try Parameter([channels], .constant(0))
  }

  /// - Parameter x: `[N, C, …]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try Self.normalize([
      .tensor(x), .int(groups), .tensor(weight.value), .tensor(bias.value), .double(Self.epsilon),
    ])
  }
}
