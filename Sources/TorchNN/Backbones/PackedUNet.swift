internal import Synchronization
public import Torch

/// A `UNet` as draws have it, whose weights are packed when it is first used: by then they are read.
public final class PackedUNet: Sendable {
  private enum State {
    case unused
    /// Without the fused network where the plain one serves better.
    case packed(FusedUNet?)
  }

  private let network: UNet
  private let height: Int
  private let width: Int
  private let state = Mutex(State.unused)

  /// - Parameters:
  ///   - height: of the pictures, as `FusedUNet` has it.
  ///   - width: likewise.
  public init(_ network: UNet, height: Int, width: Int) {
    self.network = network
    self.height = height
    self.width = width
  }

  /// What the network gives, without gradients.
  public func callAsFunction(
    _ x: Tensor, _ time: Tensor, _ global: Tensor?, text: (sequence: Tensor, mask: Tensor)? = nil
  ) throws -> Tensor {
    let fused = try state.withLock { state in
      if case .packed(let fused) = state { return fused }
      let fused = try FusedUNet(network, height: height, width: width)
      state = .packed(fused)
      return fused
    }
    return try fused?(x, time: time, global: global, text: text)
      ?? network(x, time: time, global: global, text: text)
  }
}
