internal import MediaTensors
internal import ModelEvaluation
public import Torch

/// PSNR and SSIM as papers give them: on Y of BT.601, of 8-bit pictures, `scale` pixels of the border left out.
public struct SuperResolutionEvaluation: Sendable {
  /// Figures of one picture or means of several.
  public struct Figures: Codable, Sendable, Equatable {
    public var name: String
    /// dB.
    public var psnr: Double
    public var ssim: Double
    /// The same for bicubic enlargement.
    public var bicubicPSNR: Double
    public var bicubicSSIM: Double
  }

  public let scale: Int

  public init(scale: Int) { self.scale = scale }

  /// - Parameters:
  ///   - upscale: from `[3, h, w]` to `[3, h · scale, w · scale]`, over 0…1.
  ///   - afterEach: called with the figures of each picture.
  public func callAsFunction(
    _ pairs: [BenchmarkPair], upscale: (Tensor) throws -> Tensor,
    afterEach: (Figures) throws -> Void = { _ in }
  ) throws -> [Figures] {
    try pairs.map { pair in
      let (psnr, ssim) = try compare(upscale(pair.low), pair.high)
      let (bicubicPSNR, bicubicSSIM) = try bicubic(pair)
      let figures = Figures(
        name: pair.name, psnr: psnr, ssim: ssim, bicubicPSNR: bicubicPSNR, bicubicSSIM: bicubicSSIM)
      try afterEach(figures)
      return figures
    }
  }

  /// PSNR (dB) and SSIM of bicubic enlargement.
  func bicubic(_ pair: BenchmarkPair) throws -> (psnr: Double, ssim: Double) {
    let shape = pair.low.shape
    return try compare(
      pair.low.resampledBicubic(height: shape[1] * scale, width: shape[2] * scale), pair.high)
  }

  /// Means over pictures.
  public static func mean(_ figures: [Figures], name: String) -> Figures {
    func mean(_ value: (Figures) -> Double) -> Double {
      figures.map(value).reduce(0, +) / Double(figures.count)
    }
    return Figures(
      name: name, psnr: mean(\.psnr), ssim: mean(\.ssim), bicubicPSNR: mean(\.bicubicPSNR),
      bicubicSSIM: mean(\.bicubicSSIM))
  }

  /// PSNR (dB) and SSIM of `picture`, which may be larger at its right and lower edges, against `truth`.
  func compare(_ picture: Tensor, _ truth: Tensor) throws -> (psnr: Double, ssim: Double) {
    let (height, width) = (truth.shape[1], truth.shape[2])
    func luma(_ x: Tensor) throws -> Tensor {
      let bytes = try (x.clamped(0, 1) * 255).rounded() / 255
      return try bytes.luma601().select(0, 0).narrow(0, start: scale, length: height - 2 * scale)
        .narrow(1, start: scale, length: width - 2 * scale)
    }
    let (a, b) = (try luma(picture), try luma(truth))
    return (try peakSignalToNoise(a, b, peak: 255), try structuralSimilarity(a, b, peak: 255))
  }
}
