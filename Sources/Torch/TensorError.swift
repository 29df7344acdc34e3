/// What went wrong in the tensor engine, in one line that names the operator and the shapes.
public struct TensorError: Error, CustomStringConvertible, Sendable {
  public let description: String

  public init(_ description: String) { self.description = description }
}
