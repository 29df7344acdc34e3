internal import Torch

/// Pictures as a model of scenes knows them: level v of 256 lies in v/256 … (v + 1)/256.
enum PictureLevels {
  /// Numbers over 0…1 as levels that lie anywhere in their part, so that a density is one of levels (Theis et al. 2016,
  /// "A note on the evaluation of generative models", section 3.1).
  static func spread(_ x: Tensor, noise: BatchNoise) throws -> Tensor {
    let levels = try (x * 255).rounded()
    return try (levels + noise.uniform(Array(x.shape.dropFirst()), stream: "levels")) / 256
  }

  /// The levels that draws mean, over 0…1.
  static func levels(_ x: Tensor) throws -> Tensor {
    try (x.clamped(0, 1) * 256).floored().clamped(0, 255) / 255
  }
}
