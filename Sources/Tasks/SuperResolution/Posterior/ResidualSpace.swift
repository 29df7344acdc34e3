internal import Conditioners
internal import Torch

/// Between a picture and the variable of its diffusion: y = (high − mean) / s with the values of each low-resolution pixel as
/// channels, where the mean is a point estimate's and s the local deviation of what it leaves.
struct ResidualSpace: Sendable {
  /// `[N, 3, h · scale, w · scale]` over 0…1.
  let mean: Tensor
  /// s at the high resolution, `[N, 1, h · scale, w · scale]`.
  let deviation: Tensor
  /// What the denoiser is told: `spatial [N, 3 · scale² + 4, h, w]`.
  let conditioning: Conditioning
  private let scale: Int

  /// About those of photographs; centred inputs train better.
  private static let (typicalLow, typicalLogDeviation) = (0.45, -3.5)

  /// - Parameters:
  ///   - low: `[N, 3, h, w]` over 0…1.
  ///   - mean: `[N, 3, h · scale, w · scale]` over 0…1.
  init(low: Tensor, mean: Tensor, scale: Int, local: LocalDeviation) throws {
    self.mean = mean
    self.scale = scale
    let shape = mean.shape
    let coarse = try local(LocalDeviation.activity(low: low, mean: mean, scale: scale))
    deviation = try coarse.resizedBilinear(height: shape[2], width: shape[3])
    let detail = try mean.pixelUnshuffled(scale) - low.repeatInterleave(scale * scale, axis: 1)
    conditioning = Conditioning(
      spatial: try .cat(
        [detail / coarse, low - Self.typicalLow, coarse.log() - Self.typicalLogDeviation], axis: 1))
  }

  /// y of a picture, `[N, 3 · scale², h, w]`.
  func variable(of high: Tensor) throws -> Tensor {
    try ((high - mean) / deviation).pixelUnshuffled(scale)
  }

  /// The picture of y, `[N, 3, h · scale, w · scale]`, not clipped.
  func picture(of y: Tensor) throws -> Tensor { try mean + y.pixelShuffled(scale) * deviation }
}
