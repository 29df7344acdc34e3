public import Torch

/// A one in the place of each row's class.
public enum OneHot {
  /// - Parameter labels: below `classes`.
  /// - Returns: `float64 [N, K]`.
  public static func rows(_ labels: [Int], classes: Int) throws -> Tensor {
    var values = [Double](repeating: 0, count: labels.count * classes)
    for (row, label) in labels.enumerated() { values[row * classes + label] = 1 }
    return try Tensor(values, shape: [labels.count, classes])
  }
}
