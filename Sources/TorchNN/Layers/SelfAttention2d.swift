public import Torch

/// Self-attention over the pixels of a small picture, x + attention(norm(x)) (Ho et al. 2020, appendix B).
public final class SelfAttention2d: Module {
  private static let attend = Operator("aten::scaled_dot_product_attention")

  public let norm: GroupNorm
  /// Query, key and value at once, `[3 C, C, 1, 1]`.
  public let qkv: Conv2d
  public let out: Conv2d
  private let heads: Int

  /// - Precondition: `heads` divides `channels`, and so does `groups`.
  public init(channels: Int, heads: Int, groups: Int) throws {
    precondition(channels % heads == 0, "\(heads) heads of \(channels) channels")
    self.heads = heads
    norm = try GroupNorm(groups: groups, channels: channels)
    qkv = try Conv2d(channels, 3 * channels, kernel: 1)
    out = try Conv2d(channels, channels, kernel: 1, initialization: .zero)
  }

  /// - Parameter x: `[N, C, H, W]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let shape = x.shape
    let (n, c, pixels) = (shape[0], shape[1], shape[2] * shape[3])
    let parts = try qkv(norm(x)).to(.float32).reshaped([n, 3, heads, c / heads, pixels])
      .permuted([1, 0, 2, 4, 3])
    let attended = try Self.attend([
      .tensor(parts.select(0, 0)), .tensor(parts.select(0, 1)), .tensor(parts.select(0, 2)),
    ])
    return try x + out(attended.permuted([0, 1, 3, 2]).reshaped(shape)).to(.float32)
  }
}
