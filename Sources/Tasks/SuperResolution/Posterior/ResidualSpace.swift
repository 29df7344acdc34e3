internal import Conditioners
internal import Torch

/// What a low-resolution picture and the mean of its enlargements say about how far the truth lies from that mean.
struct MeanFeatures: Sendable {
  /// `[N, 3, h · scale, w · scale]` over 0…1.
  let mean: Tensor
  /// For the networks, `[N, 3 · scale² + 7, h, w]`.
  let told: Tensor
  /// β of the colour line, `[N, 3, h · scale, w · scale]`.
  let colour: Tensor
  /// ln s of the local deviation, `[N, 1, h · scale, w · scale]`.
  let logDeviation: Tensor
  let scale: Int

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
    logDeviation = try coarse.log().resizedBilinear(height: shape[2], width: shape[3])
    let detail = try LocalDetail.around(low: low, mean: mean, scale: scale)
    let slopes = try LocalColour.slopes(low: low, mean: mean, scale: scale)
    colour = try slopes.resizedBilinear(height: shape[2], width: shape[3])
    told = try .cat(
      [detail / coarse, low - Self.typicalLow, coarse.log() - Self.typicalLogDeviation, slopes - 1], axis: 1)
  }

  /// u, `[N, 1, h · scale, w · scale]`: high − mean along the colour line, by least squares.
  func residual(of high: Tensor) throws -> Tensor {
    try ((high - mean) * colour).sum([1], keepAxes: true) / (colour.squared().sum([1], keepAxes: true) + 1e-6)
  }
}

/// Between a picture and the variable of its diffusion: y = L⁻¹ u / s with the values of each low-resolution pixel as channels,
/// where u is what the mean lacks along the colour line, s its deviation, and L Lᵀ the covariance of these channels over
/// photographs.
///
/// So y is white to begin with: a denoiser that has learned nothing draws residuals of the right size in every place and of the
/// right covariance within a low-resolution pixel, and what it learns is what is not normal about them.
struct ResidualSpace: Sendable {
  private let features: MeanFeatures
  /// s, `[N, 1, h · scale, w · scale]`.
  let deviation: Tensor
  /// What the denoiser is told: `spatial [N, 4 · scale² + 7, h, w]`.
  let conditioning: Conditioning
  /// L, `[scale², scale², 1, 1]`.
  private let root: Tensor

  /// ln s may be corrected by as much.
  static let mostCorrection = 3.0

  /// - Parameters:
  ///   - correction: of ln s, `[N, 1, h · scale, w · scale]`.
  ///   - root: L, `[scale², scale²]`, lower triangular.
  init(_ features: MeanFeatures, correction: Tensor, root: Tensor) throws {
    self.features = features
    self.root = try root.unsqueezed(2).unsqueezed(3)
    let correction = try correction.clamped(-Self.mostCorrection, Self.mostCorrection)
    deviation = try (features.logDeviation + correction).exp()
    conditioning = Conditioning(
      spatial: try .cat([features.told, correction.pixelUnshuffled(features.scale)], axis: 1))
  }

  /// `[N, 3, h · scale, w · scale]` over 0…1.
  var mean: Tensor { features.mean }

  /// u / s, `[N, scale², h, w]`.
  func scaledResidual(from high: Tensor) throws -> Tensor {
    try (features.residual(of: high) / deviation).pixelUnshuffled(features.scale)
  }

  /// y of a picture, `[N, scale², h, w]`.
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
    try mean + scaledResidual(of: y).pixelShuffled(features.scale) * deviation * features.colour
  }
}
