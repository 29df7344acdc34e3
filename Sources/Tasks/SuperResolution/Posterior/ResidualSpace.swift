internal import Conditioners
internal import Torch

/// Between a picture and the variable of its diffusion: y = L⁻¹ (high − mean) / s with the values of each low-resolution pixel
/// as channels, where the mean is a point estimate's, s the local deviation of what it leaves, and L Lᵀ the covariance of
/// these channels over photographs.
///
/// So y is white to begin with: a denoiser that has learned nothing draws residuals of the right size in every place and of the
/// right covariance within a low-resolution pixel, and what it learns is what is not normal about them.
struct ResidualSpace: Sendable {
  /// `[N, 3, h · scale, w · scale]` over 0…1.
  let mean: Tensor
  /// s at the high resolution, `[N, 1, h · scale, w · scale]`.
  let deviation: Tensor
  /// What the denoiser is told: `spatial [N, 3 · scale² + 4, h, w]`.
  let conditioning: Conditioning
  private let scale: Int
  /// L, `[3 · scale², 3 · scale², 1, 1]`.
  private let root: Tensor

  /// About those of photographs; centred inputs train better.
  private static let (typicalLow, typicalLogDeviation) = (0.45, -3.5)

  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  ///   - root: L, `[3 · scale², 3 · scale²]`, lower triangular.
  init(low: Tensor, mean: Tensor, scale: Int, local: LocalDeviation, root: Tensor) throws {
    self.mean = mean
    self.root = try root.unsqueezed(2).unsqueezed(3)
    self.scale = scale
    let shape = mean.shape
    let coarse = try local(LocalDeviation.activity(low: low, mean: mean, scale: scale))
    deviation = try coarse.resizedBilinear(height: shape[2], width: shape[3])
    let detail = try mean.pixelUnshuffled(scale) - low.repeatInterleave(scale * scale, axis: 1)
    conditioning = Conditioning(
      spatial: try .cat(
        [detail / coarse, low - Self.typicalLow, coarse.log() - Self.typicalLogDeviation], axis: 1))
  }

  /// (high − mean) / s, `[N, 3 · scale², h, w]`.
  func scaledResidual(from high: Tensor) throws -> Tensor {
    try ((high - mean) / deviation).pixelUnshuffled(scale)
  }

  /// y of a picture, `[N, 3 · scale², h, w]`.
  func variable(of high: Tensor) throws -> Tensor {
    let size = root.shape[0]
    let inverse = try root.squeezed(3).squeezed(2).solveTriangular(.identity(size).to(device: root.device))
    return try scaledResidual(from: high).conv2d(
      inverse.unsqueezed(2).unsqueezed(3).contiguous(), bias: nil, padding: 0)
  }

  /// L y.
  func scaledResidual(of y: Tensor) throws -> Tensor { try y.conv2d(root, bias: nil, padding: 0) }

  /// The picture of y, `[N, 3, h · scale, w · scale]`, not clipped.
  func picture(of y: Tensor) throws -> Tensor {
    try mean + scaledResidual(of: y).pixelShuffled(scale) * deviation
  }
}
