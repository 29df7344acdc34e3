public import Torch

/// Normalises the last axis (Ba et al. 2016), named like `torch.nn.LayerNorm`.
public final class LayerNorm: Module {
  private static let normalize = Operator("aten::layer_norm")

  public let weight: Parameter
  public let bias: Parameter

  public init(_ width: Int) throws {
    weight = try Parameter([width], .constant(1))
    bias = try Parameter([width], .constant(0))
  }

  /// - Parameter x: `[…, width]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try Self.normalize([
      .tensor(x), .ints([weight.value.shape[0]]), .tensor(weight.value), .tensor(bias.value), .double(1e-5),
    ])
  }
}
