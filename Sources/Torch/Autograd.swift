internal import CTorch

/// Reverse-mode differentiation.
public enum Autograd {
  /// Runs `body` without recording, on the calling thread.
  public static func disabled<Result>(_ body: () throws -> Result) throws -> Result {
    try with(enabled: false, body)
  }

  /// Runs `body` with recording on or off; the former mode comes back afterwards.
  public static func with<Result>(enabled: Bool, _ body: () throws -> Result) throws -> Result {
    let api = try Libtorch.api()
    let before = api.grad_mode()
    api.set_grad_mode(enabled ? 1 : 0)
    defer { api.set_grad_mode(before) }
    return try body()
  }

  /// The gradients of the scalar `output` with respect to `inputs`; zeros for those it does not depend on.
  ///
  /// Nothing is accumulated in the inputs, so threads may differentiate with respect to the same ones.
  /// - Throws: `TensorError` when `output` is not a scalar or was not recorded.
  public static func gradients(of output: Tensor, _ inputs: [Tensor]) throws -> [Tensor] {
    // libtorch takes this for its own error.
    guard !inputs.isEmpty else { return [] }
    let api = try Libtorch.api()
    var results = [OpaquePointer?](repeating: nil, count: inputs.count)
    let handles = inputs.map { Optional($0.handle) }
    let status = withExtendedLifetime(inputs) {
      handles.withUnsafeBufferPointer { given in
        given.withMemoryRebound(to: OpaquePointer.self) {
          api.gradients(output.handle, $0.baseAddress!, Int64(inputs.count), &results)
        }
      }
    }
    guard status == 0 else { throw Libtorch.failure("gradients of a tensor of shape \(output.shape)") }
    return try zip(results, inputs).map { found, input in
      if let found { Tensor(owning: found) } else { try input.zerosLike() }
    }
  }
}

extension Tensor {
  private static let detachOperator = Operator("aten::detach")

  /// Whether operators on this tensor are recorded.
  public var requiresGradient: Bool { Libtorch.openedAPI.requires_grad(handle) != 0 }

  /// Starts or stops recording for a leaf tensor; floating types only.
  @discardableResult
  public func requiresGradient(_ value: Bool) throws -> Tensor {
    guard Libtorch.openedAPI.set_requires_grad(handle, value ? 1 : 0) == 0 else {
      throw Libtorch.failure("requiresGradient of a \(dtype) tensor")
    }
    return self
  }

  /// The same memory outside the graph.
  public func detached() throws -> Tensor { try Self.detachOperator([.tensor(self)]) }
}
