internal import Foundation
public import Torch

/// Attention of each place to itself and those before it, with rotary positions.
public final class CausalAttention: Module {
  private static let attend = Operator("aten::scaled_dot_product_attention")

  /// Query, key and value at once, `[3 D, D]`.
  public let qkv: Linear
  public let out: Linear
  private let heads: Int

  /// - Precondition: `heads` divides `width`.
  public init(width: Int, heads: Int) throws {
    precondition(width % heads == 0, "\(heads) heads of width \(width)")
    self.heads = heads
    qkv = try Linear(width, 3 * width, hasBias: false)
    out = try Linear(width, width, hasBias: false, isZero: true)
  }

  /// - Parameters:
  ///   - x: `[N, L, D]`.
  ///   - positions: cosines and sines of L places, as `RotaryPositions` has them.
  /// - Returns: `[N, L, D]`.
  func callAsFunction(_ x: Tensor, _ positions: (cosines: Tensor, sines: Tensor)) throws -> Tensor {
    let (n, length, width) = (x.shape[0], x.shape[1], x.shape[2])
    let size = width / heads
    let parts = try qkv(x).reshaped([n, length, 3 * heads, size]).permuted([0, 2, 1, 3])
    let both = try parts.narrow(1, start: 0, length: 2 * heads)
    let swapped = try Tensor.cat(
      [both.narrow(3, start: size / 2, length: size / 2), both.narrow(3, start: 0, length: size / 2)], axis: 3
    )
    let turned = try both * positions.cosines + swapped * positions.sines
    let y = try Self.attend([
      .tensor(turned.narrow(1, start: 0, length: heads)),
      .tensor(turned.narrow(1, start: heads, length: heads)),
      .tensor(parts.narrow(1, start: 2 * heads, length: heads)), .none, .double(0), .bool(true),
    ])
    return try out(y.permuted([0, 2, 1, 3]).reshaped([n, length, width]))
  }
}
