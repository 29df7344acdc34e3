internal import Conditioners
internal import Torch
internal import TorchNN

/// The networks of a posterior, both residual trunks at the low resolution, where the values that belong to one low-resolution
/// pixel are its channels (pixel unshuffle, Shi et al. 2016): one that says how far the truth lies from the mean, and the
/// denoiser of a residual. All of it is local: no normalisation, no attention.
final class PosteriorNetwork: Module {
  /// What it is made of; stored beside the weights.
  struct Configuration: Codable, Sendable, Equatable {
    /// A trunk's channels inside and residual blocks.
    struct Trunk: Codable, Sendable, Equatable {
      var channels: Int
      var blocks: Int

      var isPlausible: Bool {
        (1...1024).contains(channels) && (0...256).contains(blocks)
          && channels * channels * (blocks + 1) <= 1 << 24
      }
    }

    var denoiser: Trunk
    /// Of the network that gives ln s.
    var deviation: Trunk
    var scale: Int

    var isPlausible: Bool { denoiser.isPlausible && deviation.isPlausible && (2...8).contains(scale) }

    /// Of the noisy residual.
    var residualChannels: Int { scale * scale }

    /// Of what both networks are told about the low-resolution picture.
    var toldChannels: Int { 3 * scale * scale + 7 }

    var denoiserTrunk: ResidualTrunk.Configuration {
      ResidualTrunk.Configuration(
        inputs: residualChannels + toldChannels + scale * scale + 1, outputs: residualChannels,
        channels: denoiser.channels, blocks: denoiser.blocks, scale: 1)
    }

    var deviationTrunk: ResidualTrunk.Configuration {
      ResidualTrunk.Configuration(
        inputs: toldChannels, outputs: 1, channels: deviation.channels, blocks: deviation.blocks, scale: scale
      )
    }
  }

  let configuration: Configuration
  let denoiser: ResidualTrunk
  /// From what `MeanFeatures` tells to what is added to their ln s.
  let deviation: ResidualTrunk
  /// L of `ResidualSpace`, `[residualChannels, residualChannels]`, and those across the colour line, one above the other: not
  /// trained, but measured.
  let root: Parameter
  let rootsAcross: Parameter

  init(_ configuration: Configuration) throws {
    self.configuration = configuration
    denoiser = try ResidualTrunk(configuration.denoiserTrunk)
    deviation = try ResidualTrunk(configuration.deviationTrunk)
    root = try Parameter(
      [configuration.residualChannels, configuration.residualChannels], .constant(0), isTrainable: false)
    rootsAcross = try Parameter(
      [2 * configuration.residualChannels, configuration.residualChannels], .constant(0), isTrainable: false)
  }

  var roots: ResidualSpace.Roots {
    get throws {
      let size = configuration.residualChannels
      return .init(
        along: root.value,
        across: try (0..<2).map { try rootsAcross.value.narrow(0, start: $0 * size, length: size) })
    }
  }

  var hiddenWeights: [Parameter] { denoiser.hiddenWeights + deviation.hiddenWeights }

  /// F of the preconditioned diffusion.
  /// - Parameters:
  ///   - x: `[N, residualChannels, h, w]` of deviation about 1.
  ///   - time: ln σ / 4, `[N]`.
  ///   - given: `spatial [N, 4 · scale² + 7, h, w]`.
  func callAsFunction(_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor {
    try denoiser(Self.inputs(x, time, given).contiguous(.channelsLast))
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
