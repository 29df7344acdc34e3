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
    try ((high - mean) * colour).sum([1], keepAxes: true) / lengths.squared()
  }

  /// c, `[N, 2, h · scale, w · scale]`: high − mean in the two directions across the colour line.
  func residualAcross(of high: Tensor) throws -> Tensor {
    let difference = try high - mean
    return try Tensor.cat(across().map { try (difference * $0).sum([1], keepAxes: true) }, axis: 1)
  }

  /// What u and c are residuals of.
  func picture(along u: Tensor, across c: Tensor) throws -> Tensor {
    let directions = try across()
    return try mean + u * colour + c.narrow(1, start: 0, length: 1) * directions[0]
      + c.narrow(1, start: 1, length: 1) * directions[1]
  }

  /// |β|, `[N, 1, h · scale, w · scale]`: how many times larger the volume of values is than that of u and c.
  var lengths: Tensor {
    get throws { try (colour.squared().sum([1], keepAxes: true) + 1e-6).squareRoot() }
  }

  /// Two directions at right angles to the colour line and to one another, about blue against yellow and red against green; each
  /// `[N, 3, h · scale, w · scale]` of length 1.
  private func across() throws -> [Tensor] {
    let along = try colour / lengths
    func part(_ x: Tensor, _ channel: Int) throws -> Tensor { try x.narrow(1, start: channel, length: 1) }
    // β × (1, −1, 0), which is not 0: the mean of β's three numbers is 1.
    let (r, g, b) = (try part(along, 0), try part(along, 1), try part(along, 2))
    let first = try Tensor.cat([b, b, -(r + g)], axis: 1)
    let one = try first / (first.squared().sum([1], keepAxes: true) + 1e-6).squareRoot()
    let (x, y, z) = (try part(one, 0), try part(one, 1), try part(one, 2))
    return [one, try Tensor.cat([g * z - b * y, b * x - r * z, r * y - g * x], axis: 1)]
  }
}

/// Between a picture and the variables of its distribution: y = L⁻¹ u / s along the colour line, with the values of each
/// low-resolution pixel as channels, where u is what the mean lacks, s its deviation, and L Lᵀ the covariance of these channels
/// over photographs; and the same across the colour line, in two directions.
///
/// So y is white to begin with: a denoiser that has learned nothing draws residuals of the right size in every place and of the
/// right covariance within a low-resolution pixel, and what it learns is what is not normal about them. What lies across, which is
/// little, is normal in this model.
struct ResidualSpace: Sendable {
  private let features: MeanFeatures
  /// s, `[N, 1, h · scale, w · scale]`, and that across the colour line.
  let deviation: Tensor
  let deviationAcross: Tensor
  /// What the denoiser is told: `spatial [N, 4 · scale² + 7, h, w]`.
  let conditioning: Conditioning
  private let roots: Roots

  /// L along the colour line, and in the two directions across, each `[scale², scale²]`, lower triangular.
  struct Roots: Sendable {
    let along: Tensor
    let across: [Tensor]
  }

  /// ln s may be corrected by as much.
  static let mostCorrection = 3.0

  /// - Parameters:
  ///   - correction: of ln s, `[N, 1, h · scale, w · scale]`.
  ///   - across: the deviation across the colour line, of s².
  ///   - widening: of both deviations beyond what training found.
  init(
    _ features: MeanFeatures, correction: Tensor, across: LocalDeviation, widening: Double = 1, roots: Roots
  ) throws {
    self.features = features
    self.roots = roots
    let correction = try correction.clamped(-Self.mostCorrection, Self.mostCorrection)
    let deviation = try (features.logDeviation + correction).exp()
    self.deviation = try deviation * widening
    deviationAcross = try across(deviation.squared()) * widening
    conditioning = Conditioning(
      spatial: try .cat([features.told, correction.pixelUnshuffled(features.scale)], axis: 1))
  }

  /// `[N, 3, h · scale, w · scale]` over 0…1.
  var mean: Tensor { features.mean }

  /// u / s, `[N, scale², h, w]`.
  func scaledResidual(from high: Tensor) throws -> Tensor {
    try (features.residual(of: high) / deviation).pixelUnshuffled(features.scale)
  }

  /// The same across the colour line, `[N, scale², h, w]` for each direction.
  func scaledResidualsAcross(from high: Tensor) throws -> [Tensor] {
    let scaled = try features.residualAcross(of: high) / deviationAcross
    return try (0..<2).map { try scaled.narrow(1, start: $0, length: 1).pixelUnshuffled(features.scale) }
  }

  /// y of a picture, `[N, scale², h, w]`.
  func variable(of high: Tensor) throws -> Tensor {
    try Self.product(Self.inverse(roots.along), scaledResidual(from: high))
  }

  /// Those across the colour line, `[N, 2 · scale², h, w]`.
  func variableAcross(of high: Tensor) throws -> Tensor {
    try Tensor.cat(
      zip(roots.across, scaledResidualsAcross(from: high)).map { try Self.product(Self.inverse($0), $1) },
      axis: 1)
  }

  private static func inverse(_ root: Tensor) throws -> Tensor {
    try root.solveTriangular(.identity(root.shape[0]).to(device: root.device))
  }

  /// A matrix times the channels of every place.
  private static func product(_ matrix: Tensor, _ x: Tensor) throws -> Tensor {
    try x.conv2d(matrix.unsqueezed(2).unsqueezed(3).contiguous(), bias: nil, padding: 0)
  }

  /// L y.
  func scaledResidual(of y: Tensor) throws -> Tensor { try Self.product(roots.along, y) }

  /// The picture of y, `[N, 3, h · scale, w · scale]`, not clipped.
  /// - Parameter across: `[N, 2 · scale², h, w]`; nil for what lies on the colour line.
  func picture(of y: Tensor, across: Tensor? = nil) throws -> Tensor {
    let size = roots.along.shape[0]
    let u = try scaledResidual(of: y).pixelShuffled(features.scale) * deviation
    guard let across else { return try mean + u * features.colour }
    let c = try roots.across.enumerated().map { index, root in
      try Self.product(root, across.narrow(1, start: index * size, length: size))
        .pixelShuffled(features.scale)
    }
    return try features.picture(along: u, across: Tensor.cat(c, axis: 1) * deviationAcross)
  }

  /// ln of how much smaller the volume of y and of what lies across is than that of the picture's values: the logarithms of the
  /// deviations, of the roots' diagonals and of |β|, summed.
  func logVolume() throws -> Double {
    let places = Double(deviation.shape.reduce(1, *)) / Double(roots.along.shape[0])
    func logDeterminant(_ root: Tensor) throws -> Double { try root.diagonal().log().sum().scalar() }
    let matrices = try roots.across.reduce(logDeterminant(roots.along)) { try $0 + logDeterminant($1) }
    func sum(_ x: Tensor) throws -> Double { try x.log().to(.float64).sum().scalar() }
    return try sum(deviation) + 2 * sum(deviationAcross) + sum(features.lengths) + places * matrices
  }
}
