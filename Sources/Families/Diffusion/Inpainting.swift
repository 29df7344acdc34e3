public import Conditioners
internal import Foundation
internal import Samplers
public import Torch

/// Missing parts of x by removing noise where the known part is put in at every level, and going back up to make both
/// agree (Lugmayr et al. 2022, "RePaint: inpainting using denoising diffusion probabilistic models", algorithm 1).
///
/// An approximation: what is drawn at high noise has seen the known part through its noise alone.
extension DiffusionFamily: Completing {
  /// Levels, and how often each is gone through.
  static let (completionSteps, passes) = (20, 4)

  public func complete(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws
    -> Tensor
  {
    try Autograd.disabled {
      let levels = NoiseLevels.karras(
        steps: Self.completionSteps, largest: Self.range.largest, smallest: Self.range.smallest
      ).sigmas
      let clean = try (x - configuration.mean) / configuration.deviation
      func fresh(_ step: Int, _ stream: String) throws -> Tensor {
        try noise.normal(sampleShape, step: step, stream: stream)
      }
      let isTold = conditioning.global != nil || conditioning.sequence != nil
      let nothing = try conditioning.keeping([Float](repeating: 0, count: x.shape[0]))
      func denoised(_ z: Tensor, _ sigma: Double) throws -> Tensor {
        let told = try drawn(z, sigma, conditioning)
        guard settings.guidance != 1, isTold else { return try bounded(told) }
        let untold = try drawn(z, sigma, nothing)
        return try bounded(untold + (told - untold) * settings.guidance)
      }
      var z = try fresh(0, "start") * levels[0]
      var step = 0
      for (from, to) in zip(levels, levels.dropFirst()) {
        for pass in 0..<Self.passes {
          step += 1
          let shown = try clean + fresh(step, "known") * from
          z = try shown * known + z * (1 - known)
          let guess = try denoised(z, from)
          // DDIM's step with η = 1, which adds the noise of the next level anew.
          let added = to * (max(0, 1 - to * to / (from * from))).squareRoot()
          let kept = (max(0, to * to - added * added)).squareRoot()
          z = try guess + (z - guess) * (kept / from) + fresh(step, "fresh") * added
          guard pass < Self.passes - 1, to > 0 else { break }
          z = try z + fresh(step, "back") * (from * from - to * to).squareRoot()
        }
      }
      let whole = try clean * known + z * (1 - known)
      return try whole * configuration.deviation + configuration.mean
    }
  }
}
