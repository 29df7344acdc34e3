public import Torch

/// Attention among the tokens of a row, added to what comes in: x + out(attention(qkv(norm(x)))) (Vaswani et al. 2017,
/// equation 1), with the normalisation of `ResidualPerceptron`.
public final class TokenAttention: Module {
  private static let attend = Operator("aten::scaled_dot_product_attention")

  /// Query, key and value at once, `[3 W, W]`.
  public let qkv: Linear
  public let out: Linear
  private let tokens: Int
  private let heads: Int

  /// - Precondition: `heads` divides `width`.
  init(width: Int, tokens: Int, heads: Int) throws {
    precondition(width % heads == 0, "\(heads) heads of width \(width)")
    (self.tokens, self.heads) = (tokens, heads)
    qkv = try Linear(width, 3 * width)
    out = try Linear(width, width, isZero: true)
  }

  /// - Parameter x: `[N · tokens, W]`, the tokens of a row one after another.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let (rows, width) = (x.shape[0] / tokens, x.shape[1])
    let parts = try qkv(ResidualPerceptron.normalized(x))
      .reshaped([rows, tokens, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4])
    let attended = try Self.attend([
      .tensor(parts.select(0, 0)), .tensor(parts.select(0, 1)), .tensor(parts.select(0, 2)),
    ])
    return try x + out(attended.permuted([0, 2, 1, 3]).reshaped(x.shape))
  }
}
