public import Torch

/// A convolution over pictures, `[N, C, H, W]` to `[N, D, H′, W′]`, named and initialised like `torch.nn.Conv2d`.
public final class Conv2d: Module, ComputesInType, @unchecked Sendable {
  public let weight: Parameter
  public let bias: Parameter?
  public let padding: Int
  public let stride: Int
  /// The type in which the products are computed; weights stay in float32.
  public var computeType: DType = .float32

  /// How a fresh layer is filled.
  public enum Initialization: Sendable {
    /// Uniform ±1/√fan-in, weight and bias: PyTorch's default.
    case uniform
    /// Normal of deviation `gain` · √(2 / fan-in), bias zero (He et al. 2015, equation 10).
    case normal(gain: Double)
    case zero
  }

  /// - Parameters:
  ///   - inputs: C.
  ///   - outputs: D.
  ///   - kernel: the side of the square kernel.
  ///   - padding: zeros around the picture; `nil` keeps its size at stride 1.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int? = nil, hasBias: Bool = true,
    initialization: Initialization = .uniform
  ) throws {
    let fanIn = Double(inputs * kernel * kernel)
    let (weightFill, biasFill): (Parameter.Initialization, Parameter.Initialization) =
      switch initialization {
      case .uniform: (.uniform(bound: 1 / fanIn.squareRoot()), .uniform(bound: 1 / fanIn.squareRoot()))
      case .normal(let gain): (.normal(deviation: gain * (2 / fanIn).squareRoot()), .constant(0))
      case .zero: (.constant(0), .constant(0))
      }
    weight = try Parameter([outputs, inputs, kernel, kernel], weightFill)
    bias = hasBias ? try Parameter([outputs], biasFill) : nil
    self.padding = padding ?? kernel / 2
    self.stride = stride
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.to(computeType).conv2d(
      weight.value.to(computeType), bias: bias?.value.to(computeType), stride: stride, padding: padding)
  }
}

/// A layer whose products can be computed in another type than float32.
public protocol ComputesInType: AnyObject {
  var computeType: DType { get set }
}

extension Module {
  /// Computes every convolution below this module in `type`.
  public func setComputeType(_ type: DType) {
    for case let convolution as any ComputesInType in modules { convolution.computeType = type }
  }
}
