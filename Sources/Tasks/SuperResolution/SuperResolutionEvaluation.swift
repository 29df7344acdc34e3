internal import MediaTensors
internal import ModelEvaluation
internal import Torch

/// How near an enlarged picture is to the truth, to the eye of a judge, and to the picture it was made from.
struct SuperResolutionEvaluation: Sendable {
  struct Figures: Equatable {
    /// dB.
    var psnr: Double
    var ssim: Double
    /// Of what the judge sees in picture and truth, 0…2.
    var distance: Double
    /// PSNR of the picture's reduction against the low one, dB.
    var consistency: Double

    /// In the order of `columns`.
    var values: [Double?] { [psnr, ssim, distance, consistency] }
  }

  /// Name, with the unit, and digits after the point.
  static let columns = [("PSNR (dB)", 2), ("SSIM", 4), ("distance", 4), ("consistency (dB)", 1)].map {
    (name: $0, digits: $1)
  }

  let scale: Int
  let judge: PictureJudge

  /// - Parameter picture: `[3, h · scale, w · scale]` of the pair's low picture.
  func callAsFunction(_ picture: Tensor, _ pair: BenchmarkPair) throws -> Figures {
    let (psnr, ssim) = try Self.compare(picture, pair.high, scale: scale)
    let distance = try Autograd.disabled {
      try judge.distance(
        Self.inside(picture, of: pair.high, scale), Self.inside(pair.high, of: pair.high, scale)
      ).scalar()
    }
    return Figures(
      psnr: psnr, ssim: ssim, distance: distance,
      consistency: try ConsistencyProjection.consistency(of: picture, low: pair.low, scale: scale))
  }

  /// PSNR (dB) and SSIM as papers give them: on Y of BT.601, of 8-bit pictures, `scale` pixels of the border left out.
  /// - Parameter picture: may be larger than `truth` at its right and lower edges.
  static func compare(_ picture: Tensor, _ truth: Tensor, scale: Int) throws -> (psnr: Double, ssim: Double) {
    let (a, b) = (
      try inside(picture, of: truth, scale).luma601().select(1, 0).squeezed(0),
      try inside(truth, of: truth, scale).luma601().select(1, 0).squeezed(0)
    )
    return (try peakSignalToNoise(a, b, peak: 255), try structuralSimilarity(a, b, peak: 255))
  }

  /// `[1, 3, …]`: what counts of a picture, in whole grey levels over 0…1.
  private static func inside(_ picture: Tensor, of truth: Tensor, _ border: Int) throws -> Tensor {
    let (height, width) = (truth.shape[1], truth.shape[2])
    return try (picture.clamped(0, 1) * 255).rounded().narrow(1, start: border, length: height - 2 * border)
      .narrow(2, start: border, length: width - 2 * border).unsqueezed(0) / 255
  }
}
