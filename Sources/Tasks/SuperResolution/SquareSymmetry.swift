internal import Torch

/// One of the eight ways to turn and mirror a picture onto the grid of pixels.
struct SquareSymmetry: Sendable, Equatable {
  /// Bit 0 mirrors the rows, bit 1 the columns; then bit 2 exchanges them.
  let code: Int

  static let all = (0..<8).map(SquareSymmetry.init(code:))

  /// `[…, H, W]`; the sides are exchanged by half of the symmetries. No copy is made by exchanging.
  func callAsFunction(_ picture: Tensor) throws -> Tensor {
    let flipped = try mirror(picture)
    return code & 4 != 0 ? try exchange(flipped) : flipped
  }

  /// Undoes `callAsFunction`.
  func inverse(_ picture: Tensor) throws -> Tensor { try mirror(code & 4 != 0 ? exchange(picture) : picture) }

  private func mirror(_ picture: Tensor) throws -> Tensor {
    var axes: [Int] = []
    if code & 1 != 0 { axes.append(picture.rank - 2) }
    if code & 2 != 0 { axes.append(picture.rank - 1) }
    return axes.isEmpty ? picture : try picture.flipped(axes)
  }

  private func exchange(_ picture: Tensor) throws -> Tensor {
    let rank = picture.rank
    return try picture.permuted(Array(0..<rank - 2) + [rank - 1, rank - 2])
  }
}
