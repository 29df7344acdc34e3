public import Torch

/// Muon: momentum whose matrix is replaced by the nearest orthogonal one before it is applied
/// (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks").
///
/// For the weights of hidden layers, flattened to `[out, in · h · w]`; the first and last layers and all vectors
/// are better left to `AdamW`.
public final class Muon: Optimizer {
  public let parameters: [Parameter]
  private let momentum: Double
  private let weightDecay: Double
  private let buffers: [Tensor]

  public init(_ parameters: [Parameter], momentum: Double = 0.95, weightDecay: Double = 0) throws {
    self.parameters = parameters
    self.momentum = momentum
    self.weightDecay = weightDecay
    buffers = try parameters.map { try $0.value.zerosLike() }
  }

  public func step(_ gradients: [Tensor], learningRate: Double) throws {
    try Autograd.disabled {
      for (index, parameter) in parameters.enumerated() {
        let buffer = buffers[index]
        try buffer.lerp_(gradients[index], weight: 1 - momentum)
        // Nesterov's look-ahead.
        let direction = try gradients[index].cloned()
        try direction.lerp_(buffer, weight: momentum)
        let shape = direction.shape
        let rows = shape[0]
        let columns = direction.count / rows
        let update = try Muon.orthogonalized(direction.reshaped([rows, columns])).reshaped(shape)
        // Brings the update's root mean square to that of Adam (Liu et al. 2025, "Muon is scalable", equation 4).
        let scale = 0.2 * Double(max(rows, columns)).squareRoot()
        if weightDecay > 0 { try parameter.value.mul_(1 - learningRate * weightDecay) }
        try parameter.value.add_(update, scale: -learningRate * scale)
      }
    }
  }

  /// An approximation of U·Vᵀ where `matrix [m, n]` = U·S·Vᵀ, by five quintic Newton–Schulz steps whose
  /// coefficients bring every singular value into about 0.7 … 1.2.
  public static func orthogonalized(_ matrix: Tensor) throws -> Tensor {
    let (a, b, c) = (3.4445, -4.7750, 2.0315)
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = isTall ? try matrix.permuted([1, 0]) : matrix
    x = try x / (x.squared().sum().squareRoot() + 1e-7)
    for _ in 0..<5 {
      let gram = try x.matmul(x.permuted([1, 0]))
      let polynomial = try b * gram + c * gram.matmul(gram)
      x = try a * x + polynomial.matmul(x)
    }
    return isTall ? try x.permuted([1, 0]) : x
  }

  public var state: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: buffers.enumerated().map { ("\($0.offset).momentum", $0.element) })
  }
}
