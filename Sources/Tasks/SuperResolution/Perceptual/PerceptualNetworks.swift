internal import Torch
internal import TorchNN

/// How real each part of an enlarged picture looks, given the small one: a patch discriminator (Isola et al. 2017,
/// "Image-to-image translation with conditional adversarial networks", section 3.2.2), told what smooth enlargement gives.
final class PatchDiscriminator: Module {
  let first: Conv2d
  let fine: ResidualBlock
  let down1: Conv2d
  let coarse: ResidualBlock
  let down2: Conv2d
  let score: Conv2d

  private static let slope = 0.2

  /// - Parameter channels: at half of the picture's size; even.
  init(channels: Int) throws {
    let wide = channels * 3 / 2
    first = try Conv2d(2 * 3 * 4, channels, kernel: 3, initialization: .normal(gain: 1))
    fine = try ResidualBlock(channels: channels)
    down1 = try Conv2d(channels, wide, kernel: 3, stride: 2, padding: 1, initialization: .normal(gain: 1))
    coarse = try ResidualBlock(channels: wide)
    down2 = try Conv2d(wide, 2 * channels, kernel: 3, stride: 2, padding: 1, initialization: .normal(gain: 1))
    score = try Conv2d(2 * channels, 1, kernel: 3)
  }

  /// - Parameters:
  ///   - x: `[N, 3, s·h, s·w]` over 0…1, the sides multiples of 8.
  ///   - low: `[N, 3, h, w]` over 0…1.
  /// - Returns: `[N, 1, s·h / 8, s·w / 8]`.
  func callAsFunction(_ x: Tensor, low: Tensor) throws -> Tensor {
    let smooth = try low.resizedBilinear(height: x.shape[2], width: x.shape[3])
    // Detail is a tenth of a picture's contrast.
    let seen = try Tensor.cat([(x - smooth) * 8, smooth * 2 - 1], axis: 1).pixelUnshuffled(2)
    var stream = try first(seen.contiguous(.channelsLast)).to(.float32)
    stream = try down1(fine(stream).leakyReLU(slope: Self.slope)).to(.float32)
    stream = try down2(coarse(stream).leakyReLU(slope: Self.slope)).to(.float32)
    return try score(stream.leakyReLU(slope: Self.slope)).to(.float32)
  }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  var hiddenWeights: [Parameter] {
    [fine, coarse].flatMap { [$0.conv1.weight, $0.conv2.weight] } + [down1.weight, down2.weight]
  }
}

/// A network that enlarges and its discriminator, trained together.
final class PerceptualNetworks: Module {
  let generator: SuperResolutionNetwork
  let discriminator: PatchDiscriminator

  init(_ generator: SuperResolutionNetwork, discriminatorChannels: Int) throws {
    self.generator = generator
    discriminator = try PatchDiscriminator(channels: discriminatorChannels)
  }
}
