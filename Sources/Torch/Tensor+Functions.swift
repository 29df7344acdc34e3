extension Tensor {
  private static let reluOperator = Operator("aten::relu")
  private static let softplusOperator = Operator("aten::softplus")
  private static let logSigmoidOperator = Operator("aten::log_sigmoid")
  private static let leakyReLUOperator = Operator("aten::leaky_relu")
  private static let sigmoidOperator = Operator("aten::sigmoid")
  private static let tanhOperator = Operator("aten::tanh")
  private static let siluOperator = Operator("aten::silu")
  private static let geluOperator = Operator("aten::gelu")
  private static let absOperator = Operator("aten::abs")
  private static let squareOperator = Operator("aten::square")
  private static let sqrtOperator = Operator("aten::sqrt")
  private static let expOperator = Operator("aten::exp")
  private static let cosineOperator = Operator("aten::cos")
  private static let sineOperator = Operator("aten::sin")
  private static let logOperator = Operator("aten::log")
  private static let roundOperator = Operator("aten::round")
  private static let floorOperator = Operator("aten::floor")
  private static let clampOperator = Operator("aten::clamp")
  private static let isFiniteOperator = Operator("aten::isfinite")
  private static let allOperator = Operator("aten::all")
  private static let convolutionOperator = Operator("aten::conv2d")
  private static let linearOperator = Operator("aten::linear")

  public func relu() throws -> Tensor { try Self.reluOperator([.tensor(self)]) }

  public func leakyReLU(slope: Double) throws -> Tensor {
    try Self.leakyReLUOperator([.tensor(self), .double(slope)])
  }

  public func sigmoid() throws -> Tensor { try Self.sigmoidOperator([.tensor(self)]) }

  /// log(1 + eˣ).
  public func softplus() throws -> Tensor { try Self.softplusOperator([.tensor(self)]) }

  /// log σ(x), without overflow.
  public func logSigmoid() throws -> Tensor { try Self.logSigmoidOperator([.tensor(self)]) }

  public func tanh() throws -> Tensor { try Self.tanhOperator([.tensor(self)]) }

  /// x · sigmoid(x).
  public func silu() throws -> Tensor { try Self.siluOperator([.tensor(self)]) }

  /// x · Φ(x), exact.
  public func gelu() throws -> Tensor { try Self.geluOperator([.tensor(self)]) }

  public func abs() throws -> Tensor { try Self.absOperator([.tensor(self)]) }

  public func squared() throws -> Tensor { try Self.squareOperator([.tensor(self)]) }

  public func squareRoot() throws -> Tensor { try Self.sqrtOperator([.tensor(self)]) }

  public func exp() throws -> Tensor { try Self.expOperator([.tensor(self)]) }

  /// Of an angle in radians.
  public func cosine() throws -> Tensor { try Self.cosineOperator([.tensor(self)]) }

  /// Of an angle in radians.
  public func sine() throws -> Tensor { try Self.sineOperator([.tensor(self)]) }

  public func log() throws -> Tensor { try Self.logOperator([.tensor(self)]) }

  /// Half to even.
  public func rounded() throws -> Tensor { try Self.roundOperator([.tensor(self)]) }

  public func floored() throws -> Tensor { try Self.floorOperator([.tensor(self)]) }

  public func clamped(_ low: Double, _ high: Double) throws -> Tensor {
    try Self.clampOperator([.tensor(self), .double(low), .double(high)])
  }

  /// True when no element is NaN or infinite.
  public func isFinite() throws -> Bool {
    try Self.allOperator([.tensor(Self.isFiniteOperator([.tensor(self)]))]).to(.uint8).elements(UInt8.self)[0]
      != 0
  }

  /// Cross-correlation of `[N, C, H, W]` with `weight [D, C / groups, h, w]` and `bias [D]`; the result is
  /// `[N, D, (H + 2·padding − dilation·(h − 1) − 1) / stride + 1, …]`.
  public func conv2d(
    _ weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) throws -> Tensor {
    try Self.convolutionOperator([
      .tensor(self), .tensor(weight), .tensor(bias), .ints([stride, stride]), .ints([padding, padding]),
      .ints([dilation, dilation]), .int(groups),
    ])
  }

  /// `self [..., C]` times `weight [D, C]` transposed, plus `bias [D]`.
  public func linear(_ weight: Tensor, bias: Tensor?) throws -> Tensor {
    try Self.linearOperator([.tensor(self), .tensor(weight), .tensor(bias)])
  }
}
