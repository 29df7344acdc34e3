public import Torch

/// Attention of a picture's pixels to a sequence, x + attention(norm(x), sequence) (Rombach et al. 2022, "High-resolution
/// image synthesis with latent diffusion models", section 3.3).
public final class CrossAttention2d: Module {
  private static let attend = Operator("aten::scaled_dot_product_attention")

  public let norm: GroupNorm
  /// `[C, C, 1, 1]`.
  public let query: Conv2d
  /// Key and value at once, `[2 C, D]`.
  public let keyValue: Linear
  public let out: Conv2d
  private let heads: Int

  public static let weightNames = ["keyValue": "key_value"]

  /// - Parameter sequence: D.
  /// - Precondition: `heads` divides `channels`, and so does `groups`.
  public init(channels: Int, sequence: Int, heads: Int, groups: Int) throws {
    precondition(channels % heads == 0, "\(heads) heads of \(channels) channels")
    self.heads = heads
    norm = try GroupNorm(groups: groups, channels: channels)
    query = try Conv2d(channels, channels, kernel: 1)
    keyValue = try Linear(sequence, 2 * channels, hasBias: false)
    out = try Conv2d(channels, channels, kernel: 1, initialization: .zero)
  }

  /// - Parameters:
  ///   - x: `[N, C, H, W]`.
  ///   - sequence: `[N, L, D]`.
  ///   - mask: `[N, L]`, 1 for what may be attended to, of each row at least one; 0 for the rest.
  public func callAsFunction(_ x: Tensor, _ sequence: Tensor, mask: Tensor) throws -> Tensor {
    let shape = x.shape
    let (n, c, pixels, length) = (shape[0], shape[1], shape[2] * shape[3], sequence.shape[1])
    let wanted = try query(norm(x)).to(.float32).reshaped([n, heads, c / heads, pixels]).permuted([
      0, 1, 3, 2,
    ])
    let both = try keyValue(sequence).reshaped([n, length, 2, heads, c / heads]).permuted([2, 0, 3, 1, 4])
    let hidden = try ((mask - 1) * 1e4).reshaped([n, 1, 1, length])
    let attended = try Self.attend([
      .tensor(wanted), .tensor(both.select(0, 0)), .tensor(both.select(0, 1)), .tensor(hidden),
    ])
    return try x + out(attended.permuted([0, 1, 3, 2]).reshaped(shape)).to(.float32)
  }
}
