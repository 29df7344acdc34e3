extension Tensor {
  private static let choleskyOperator = Operator("aten::linalg_cholesky")
  private static let triangularOperator = Operator("aten::linalg_solve_triangular")
  private static let choleskySolveOperator = Operator("aten::cholesky_solve")
  private static let diagonalOperator = Operator("aten::diagonal")
  private static let eyeOperator = Operator("aten::eye")
  private static let logSumExpOperator = Operator("aten::logsumexp")
  private static let softmaxOperator = Operator("aten::softmax", "int")
  private static let logSoftmaxOperator = Operator("aten::log_softmax", "int")
  private static let argmaxOperator = Operator("aten::argmax")
  private static let gatherOperator = Operator("aten::gather")
  private static let whereOperator = Operator("aten::where", "self")
  private static let greaterOperator = Operator("aten::gt", "Scalar")

  /// The lower triangular L of symmetric positive definite matrices `[…, n, n]` = L Lᵀ.
  /// - Throws: `TensorError` when a matrix is not positive definite.
  public func cholesky() throws -> Tensor { try Self.choleskyOperator([.tensor(self)]) }

  /// X of A X = `right [n, k]` for a triangular `self`; leading axes are broadcast.
  public func solveTriangular(_ right: Tensor, isUpper: Bool = false) throws -> Tensor {
    try Self.triangularOperator([.tensor(self), .tensor(right), .bool(isUpper)])
  }

  /// X of A X = `right [n, k]`, where `self` is the lower triangular L of A = L Lᵀ.
  public func choleskySolve(_ right: Tensor) throws -> Tensor {
    try Self.choleskySolveOperator([.tensor(right), .tensor(self)])
  }

  /// The diagonal of the last two axes.
  public func diagonal() throws -> Tensor {
    try Self.diagonalOperator([.tensor(self), .int(0), .int(-2), .int(-1)])
  }

  public static func identity(_ size: Int, _ dtype: DType = .float32) throws -> Tensor {
    try eyeOperator([.int(size), .dtype(dtype)])
  }

  /// log Σ exp over one axis.
  public func logSumExp(_ axis: Int) throws -> Tensor {
    try Self.logSumExpOperator([.tensor(self), .ints([axis])])
  }

  public func softmax(_ axis: Int) throws -> Tensor {
    try Self.softmaxOperator([.tensor(self), .int(axis)])
  }

  public func logSoftmax(_ axis: Int) throws -> Tensor {
    try Self.logSoftmaxOperator([.tensor(self), .int(axis)])
  }

  /// The index of the largest entry of `axis`, as `int64`.
  public func argmax(_ axis: Int) throws -> Tensor { try Self.argmaxOperator([.tensor(self), .int(axis)]) }

  /// Entry `indices[i][j]…` along `axis`; `indices` is `int64`, with the shape of the result.
  public func gather(_ axis: Int, _ indices: Tensor) throws -> Tensor {
    try Self.gatherOperator([.tensor(self), .int(axis), .tensor(indices)])
  }

  /// `self` where `mask` is above 0, else `other`; broadcast.
  public func selected(where mask: Tensor, else other: Tensor) throws -> Tensor {
    try Self.whereOperator([
      .tensor(Self.greaterOperator([.tensor(mask), .double(0)])), .tensor(self), .tensor(other),
    ])
  }
}
