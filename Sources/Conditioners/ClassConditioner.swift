public import Torch

/// Tells a model about a class: `Conditioning.global [N, K]` holds the probability of each class, a one for a class
/// that is known.
public struct ClassConditioner: Sendable {
  public let classes: [String]

  public init(classes: [String]) { self.classes = classes }

  /// - Parameter labels: the index of each sample's class.
  /// - Throws: `TensorError` for an index that is no class.
  public func callAsFunction(_ labels: [Int]) throws -> Conditioning {
    var values = [Float](repeating: 0, count: labels.count * classes.count)
    for (row, label) in labels.enumerated() {
      guard classes.indices.contains(label) else {
        throw TensorError("class \(label) is none of the \(classes.count) classes")
      }
      values[row * classes.count + label] = 1
    }
    return Conditioning(global: try Tensor(values, shape: [labels.count, classes.count]))
  }

  /// Every sample's class is unknown, but for its probabilities.
  public func callAsFunction(prior: [Double], count: Int) throws -> Conditioning {
    let rows = (0..<count).flatMap { _ in prior.map(Float.init) }
    return Conditioning(global: try Tensor(rows, shape: [count, prior.count]))
  }
}
