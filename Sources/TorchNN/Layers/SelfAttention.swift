internal import Torch

/// Attention of a sequence to itself between its two layers: softmax(q kᵀ / √d) v for each head (Vaswani et al. 2017,
/// equation 1).
enum SelfAttention {
  private static let attend = Operator("aten::scaled_dot_product_attention")

  /// - Parameters:
  ///   - qkv: query, key and value of each row's tokens, `[N · length, 3 W]` or `[N, length, 3 W]`.
  ///   - hidden: added to scores, `[N, 1, 1, length]`; nil where all may be attended to.
  /// - Returns: `[N, length, W]`.
  static func attended(_ qkv: Tensor, length: Int, heads: Int, hidden: Tensor? = nil) throws -> Tensor {
    let width = (qkv.shape.last ?? 0) / 3
    let rows = qkv.count / (3 * width * length)
    let parts = try qkv.reshaped([rows, length, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4])
    let y = try attend(
      [.tensor(parts.select(0, 0)), .tensor(parts.select(0, 1)), .tensor(parts.select(0, 2))]
        + (hidden.map { [.tensor($0)] } ?? []))
    return try y.permuted([0, 2, 1, 3]).reshaped([rows, length, width])
  }
}
