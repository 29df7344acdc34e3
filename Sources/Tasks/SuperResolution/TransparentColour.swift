internal import Torch

/// What lies under full transparency must not bleed into the visible picture.
enum TransparentColour {
  private static let greater = Operator("aten::gt", "Scalar")

  /// Replaces the colours of fully transparent pixels by those of the nearest visible ones, so far as a network looks.
  /// - Parameters:
  ///   - colour: `[C, H, W]`.
  ///   - alpha: `[1, H, W]`.
  ///   - radius: how many pixels away a colour still counts.
  /// - Returns: `[C, H, W]`; zero further away than `radius` from anything visible.
  static func filled(_ colour: Tensor, alpha: Tensor, radius: Int) throws -> Tensor {
    var known = try greater([.tensor(alpha), .double(0)]).to(.float32)
    guard try known.minimum().scalar() == 0 else { return colour }
    let channels = colour.shape[0]
    let single = try Tensor.full([1, 1, 3, 3], 1)
    let each = try Tensor.full([channels, 1, 3, 3], 1)
    var result = try colour * known
    for _ in 0..<radius {
      let count = try known.unsqueezed(0).conv2d(single, bias: nil, padding: 1).squeezed(0)
      let sum = try result.unsqueezed(0).conv2d(each, bias: nil, padding: 1, groups: channels).squeezed(0)
      let reached = try greater([.tensor(count), .double(0)]).to(.float32)
      let fresh = try reached - known
      result = try result + sum / count.clamped(1, 9) * fresh
      known = reached
      if try known.minimum().scalar() > 0 { break }
    }
    return result
  }
}
