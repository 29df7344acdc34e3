public import Torch

/// Noise and a class to a picture: a coarse grid, residual blocks, twice the size, residual blocks, pixels.
public final class Generator: Module {
  public let start: Linear
  public let coarse: ResidualBlock
  public let upsample: Conv2d
  public let fine: [ResidualBlock]
  public let last: Conv2d
  private let shape: [Int]

  init(_ c: AdversarialNetworks.Configuration) throws {
    shape = [c.channels, c.height / 4, c.width / 4]
    start = try Linear(c.latents + c.condition, shape.reduce(1, *))
    coarse = try ResidualBlock(channels: c.channels)
    upsample = try Conv2d(c.channels, c.channels, kernel: 3, initialization: .normal(gain: 1))
    fine = try (0..<c.blocks).map { _ in try ResidualBlock(channels: c.channels) }
    last = try Conv2d(c.channels, 4, kernel: 3, initialization: .normal(gain: 0.3))
  }

  /// - Parameters:
  ///   - z: `[N, latents]`, standard normal.
  ///   - global: `[N, K]`.
  /// - Returns: `[N, 1, H, W]` over 0…1.
  public func callAsFunction(_ z: Tensor, global: Tensor) throws -> Tensor {
    // A one among many normal numbers would hardly be heard.
    let given = try Tensor.cat([z, global * Double(global.shape[1]).squareRoot()], axis: 1)
    var stream = try coarse(start(given).reshaped([z.shape[0]] + shape)).relu()
    stream = try upsample(stream.repeatInterleave(2, axis: 2).repeatInterleave(2, axis: 3)).to(.float32)
    for block in fine { stream = try block(stream) }
    return try last(stream.relu()).to(.float32).pixelShuffled(2).sigmoid()
  }
}

/// How real a picture looks, given its class, as one number: features, and their product with what the class wants
/// (Miyato & Koyama 2018, "cGANs with projection discriminator", equation 4).
public final class Discriminator: Module {
  public let first: Conv2d
  public let fine: ResidualBlock
  public let down1: Conv2d
  public let coarse: ResidualBlock
  public let down2: Conv2d
  public let score: Linear
  public let label: Linear

  init(_ c: AdversarialNetworks.Configuration) throws {
    let wide = c.channels * 3 / 2
    first = try Conv2d(4, c.channels, kernel: 3, initialization: .normal(gain: 1))
    fine = try ResidualBlock(channels: c.channels)
    down1 = try Conv2d(c.channels, wide, kernel: 3, stride: 2, padding: 1, initialization: .normal(gain: 1))
    coarse = try ResidualBlock(channels: wide)
    down2 = try Conv2d(wide, wide, kernel: 3, stride: 2, padding: 1, initialization: .normal(gain: 1))
    score = try Linear(wide, 1)
    label = try Linear(c.condition, wide, hasBias: false)
  }

  /// - Parameters:
  ///   - x: `[N, 1, H, W]` over 0…1.
  ///   - global: `[N, K]`.
  /// - Returns: `[N]`.
  public func callAsFunction(_ x: Tensor, global: Tensor) throws -> Tensor {
    let slope = 0.2
    var stream = try first((x * 2 - 1).pixelUnshuffled(2)).to(.float32)
    stream = try down1(fine(stream).leakyReLU(slope: slope)).to(.float32)
    stream = try down2(coarse(stream).leakyReLU(slope: slope)).to(.float32)
    let features = try stream.leakyReLU(slope: slope).mean([2, 3])
    return try score(features).squeezed(1) + (features * label(global)).sum([1])
  }
}

/// A generator and its discriminator, trained together.
public final class AdversarialNetworks: Module {
  /// What they are made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Of the picture; multiples of 4.
    public var height: Int
    public var width: Int
    /// Numbers of noise.
    public var latents: Int
    /// Even.
    public var channels: Int
    /// Residual blocks of the generator at half of the size.
    public var blocks: Int
    public var condition: Int

    public init(height: Int, width: Int, latents: Int, channels: Int, blocks: Int, condition: Int) {
      self.height = height
      self.width = width
      self.latents = latents
      self.channels = channels
      self.blocks = blocks
      self.condition = condition
    }
  }

  public let configuration: Configuration
  public let generator: Generator
  public let discriminator: Discriminator

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    generator = try Generator(configuration)
    discriminator = try Discriminator(configuration)
  }
}
