extension Tensor {
  private static let addTensor = Operator("aten::add", "Tensor")
  private static let addScalar = Operator("aten::add", "Scalar")
  private static let subTensor = Operator("aten::sub", "Tensor")
  private static let subScalar = Operator("aten::sub", "Scalar")
  private static let mulTensor = Operator("aten::mul", "Tensor")
  private static let mulScalar = Operator("aten::mul", "Scalar")
  private static let divTensor = Operator("aten::div", "Tensor")
  private static let divScalar = Operator("aten::div", "Scalar")
  private static let addInPlace = Operator("aten::add_", "Tensor")
  private static let mulInPlace = Operator("aten::mul_", "Scalar")
  private static let copyInPlace = Operator("aten::copy_")
  private static let lerpInPlace = Operator("aten::lerp_", "Scalar")
  private static let negation = Operator("aten::neg")
  private static let reciprocal = Operator("aten::reciprocal")
  private static let matrixProduct = Operator("aten::matmul")

  /// Element by element, with NumPy's broadcasting.
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try addTensor([.tensor(a), .tensor(b)]) }
  public static func + (a: Tensor, b: Double) throws -> Tensor { try addScalar([.tensor(a), .double(b)]) }
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try subTensor([.tensor(a), .tensor(b)]) }
  public static func - (a: Double, b: Tensor) throws -> Tensor { try -b + a }
  public static func - (a: Tensor, b: Double) throws -> Tensor { try subScalar([.tensor(a), .double(b)]) }
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try mulTensor([.tensor(a), .tensor(b)]) }
  public static func * (a: Tensor, b: Double) throws -> Tensor { try mulScalar([.tensor(a), .double(b)]) }
  public static func * (a: Double, b: Tensor) throws -> Tensor { try mulScalar([.tensor(b), .double(a)]) }
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try divTensor([.tensor(a), .tensor(b)]) }
  public static func / (a: Tensor, b: Double) throws -> Tensor { try divScalar([.tensor(a), .double(b)]) }
  public static func / (a: Double, b: Tensor) throws -> Tensor { try a * reciprocal([.tensor(b)]) }
  public static prefix func - (a: Tensor) throws -> Tensor { try negation([.tensor(a)]) }

  /// Matrix product over the last two axes; leading axes are broadcast.
  public func matmul(_ other: Tensor) throws -> Tensor {
    try Self.matrixProduct([.tensor(self), .tensor(other)])
  }

  /// Adds `scale * other` in place.
  public func add_(_ other: Tensor, scale: Double = 1) throws {
    try Self.addInPlace([.tensor(self), .tensor(other), .double(scale)])
  }

  /// Multiplies in place.
  public func mul_(_ factor: Double) throws { try Self.mulInPlace([.tensor(self), .double(factor)]) }

  /// Overwrites the elements with those of `other`, converted and broadcast.
  public func copy_(_ other: Tensor) throws { try Self.copyInPlace([.tensor(self), .tensor(other)]) }

  /// Moves towards `end` by `weight` of the way, in place.
  public func lerp_(_ end: Tensor, weight: Double) throws {
    try Self.lerpInPlace([.tensor(self), .tensor(end), .double(weight)])
  }
}
