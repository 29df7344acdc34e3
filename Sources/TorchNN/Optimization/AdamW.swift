public import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), by libtorch's fused operator.
public final class AdamW: Optimizer {
  private static let fused = Operator("aten::_fused_adamw_")

  public let parameters: [Parameter]
  private let betas: (Double, Double)
  private let epsilon: Double
  private let weightDecay: Double
  private let first: [Tensor]
  private let second: [Tensor]
  private let steps: [Tensor]

  public init(
    _ parameters: [Parameter], betas: (Double, Double) = (0.9, 0.99), epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) throws {
    self.parameters = parameters
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    first = try parameters.map { try $0.value.zerosLike() }
    second = try parameters.map { try $0.value.zerosLike() }
    steps = try parameters.map { try .zeros([], device: $0.value.device) }
  }

  public func step(_ gradients: [Tensor], learningRate: Double) throws {
    guard !parameters.isEmpty else { return }
    try Autograd.disabled {
      // The operator counts no steps itself: `torch.optim` adds one before each call.
      for step in steps { try step.add_(.full([], 1)) }
      _ = try Self.fused.all([
        .tensors(parameters.map(\.value)), .tensors(gradients), .tensors(first), .tensors(second),
        .tensors([]),
        .tensors(steps), .double(learningRate), .double(betas.0), .double(betas.1), .double(weightDecay),
        .double(epsilon), .bool(false), .bool(false),
      ])
    }
  }

  public var state: [String: Tensor] {
    var state: [String: Tensor] = [:]
    for index in parameters.indices {
      state["\(index).first"] = first[index]
      state["\(index).second"] = second[index]
      state["\(index).step"] = steps[index]
    }
    return state
  }
}
