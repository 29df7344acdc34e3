public import Torch

/// Attention among the tokens of a row, added to what comes in: x + out(attention(qkv(norm(x)))), with the normalisation of
/// `ResidualPerceptron`.
public final class TokenAttention: Module {
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
    let attended = try SelfAttention.attended(
      qkv(ResidualPerceptron.normalized(x)), length: tokens, heads: heads)
    return try x + out(attended.reshaped(x.shape))
  }
}
