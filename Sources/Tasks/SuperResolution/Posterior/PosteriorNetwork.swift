internal import Conditioners
internal import Torch
internal import TorchNN

/// The denoiser of a picture's residual: a residual trunk at the low resolution, where the `3 · scale²` values that belong to
/// one low-resolution pixel are its channels (pixel unshuffle, Shi et al. 2016). All of it is local: no normalisation, no
/// attention.
final class PosteriorNetwork: Module {
  /// What it is made of; stored beside the weights.
  struct Configuration: Codable, Sendable, Equatable {
    /// Channels inside.
    var channels: Int
    /// Number of residual blocks.
    var blocks: Int
    var scale: Int

    var isPlausible: Bool {
      (1...1024).contains(channels) && (0...256).contains(blocks) && (2...8).contains(scale)
        && channels * channels * (blocks + 1) <= 1 << 24
    }

    /// Of the noisy residual.
    var residualChannels: Int { 3 * scale * scale }

    /// Of what the network is told about the low-resolution picture.
    var givenChannels: Int { residualChannels + 4 }

    var trunk: ResidualTrunk.Configuration {
      ResidualTrunk.Configuration(
        inputs: residualChannels + givenChannels + 1, outputs: residualChannels, channels: channels,
        blocks: blocks, scale: 1)
    }
  }

  let configuration: Configuration
  let trunk: ResidualTrunk
  /// L of `ResidualSpace`, `[residualChannels, residualChannels]`: not trained, but measured.
  let root: Parameter

  init(_ configuration: Configuration) throws {
    self.configuration = configuration
    trunk = try ResidualTrunk(configuration.trunk)
    root = try Parameter(
      [configuration.residualChannels, configuration.residualChannels], .constant(0), isTrainable: false)
  }

  /// F of the preconditioned diffusion.
  /// - Parameters:
  ///   - x: `[N, residualChannels, h, w]` of deviation about 1.
  ///   - time: ln σ / 4, `[N]`.
  ///   - given: `spatial [N, givenChannels, h, w]`.
  func callAsFunction(_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor {
    try trunk(Self.inputs(x, time, given).contiguous(.channelsLast))
  }

  /// The noise's level is a picture of its own, as in FFDNet (Zhang et al. 2018, section III.A).
  static func inputs(_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor {
    guard let spatial = given.spatial else {
      throw TensorError("a posterior of super-resolution is conditioned on a picture, and none was given")
    }
    let shape = x.shape
    let level = try time.reshaped([shape[0], 1, 1, 1]).expanded([shape[0], 1, shape[2], shape[3]])
    return try Tensor.cat([x, spatial, level], axis: 1)
  }
}
