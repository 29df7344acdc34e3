public import Torch

/// `[…, C]` to `[…, D]`, named and initialised like `torch.nn.Linear`.
public final class Linear: Module {
  public let weight: Parameter
  public let bias: Parameter?

  /// - Parameters:
  ///   - inputs: C.
  ///   - outputs: D.
  ///   - isZero: begins with zeros, so that the layer says nothing at first.
  public init(_ inputs: Int, _ outputs: Int, hasBias: Bool = true, isZero: Bool = false) throws {
    let fill: Parameter.Initialization =
      isZero ? .constant(0) : .uniform(bound: 1 / Double(inputs).squareRoot())
    weight = try Parameter([outputs, inputs], fill)
    bias = hasBias ? try Parameter([outputs], fill) : nil
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor { try x.linear(weight.value, bias: bias?.value) }
}
