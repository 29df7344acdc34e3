extension Tensor {
  private static let sumAll = Operator("aten::sum")
  private static let sumAxes = Operator("aten::sum", "dim_IntList")
  private static let meanAll = Operator("aten::mean")
  private static let meanAxes = Operator("aten::mean", "dim")
  private static let maxAll = Operator("aten::max")
  private static let minAll = Operator("aten::min")

  /// The sum of all elements, a scalar tensor.
  public func sum() throws -> Tensor { try Self.sumAll([.tensor(self)]) }

  public func sum(_ axes: [Int], keepAxes: Bool = false) throws -> Tensor {
    try Self.sumAxes([.tensor(self), .ints(axes), .bool(keepAxes)])
  }

  /// The mean of all elements, a scalar tensor.
  public func mean() throws -> Tensor { try Self.meanAll([.tensor(self)]) }

  public func mean(_ axes: [Int], keepAxes: Bool = false) throws -> Tensor {
    try Self.meanAxes([.tensor(self), .ints(axes), .bool(keepAxes)])
  }

  public func maximum() throws -> Tensor { try Self.maxAll([.tensor(self)]) }

  public func minimum() throws -> Tensor { try Self.minAll([.tensor(self)]) }
}
