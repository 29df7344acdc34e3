extension Tensor {
  private static let zerosOperator = Operator("aten::zeros")
  private static let fullOperator = Operator("aten::full")
  private static let zerosLikeOperator = Operator("aten::zeros_like")
  private static let arangeOperator = Operator("aten::arange", "start_step")

  public static func zeros(_ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor
  {
    try zerosOperator([.ints(shape), .dtype(dtype), .none, .device(device)])
  }

  public static func full(_ shape: [Int], _ value: Double, _ dtype: DType = .float32, device: Device = .cpu)
    throws
    -> Tensor
  {
    try fullOperator([.ints(shape), .double(value), .dtype(dtype), .none, .device(device)])
  }

  /// Zeros of the same shape, type and device.
  public func zerosLike() throws -> Tensor { try Self.zerosLikeOperator([.tensor(self)]) }

  /// `start`, `start + step`, … below `end`.
  public static func range(_ start: Double, _ end: Double, step: Double = 1, _ dtype: DType = .float32) throws
    -> Tensor
  {
    try arangeOperator([.double(start), .double(end), .double(step), .dtype(dtype)])
  }
}
