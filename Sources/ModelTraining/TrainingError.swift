/// What is wrong with a training run, in one line.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
  public let description: String

  public init(_ description: String) { self.description = description }
}
