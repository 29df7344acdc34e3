public import Torch

/// x + conv(relu(conv(x))), without normalisation (Lim et al. 2017, figure 2c).
public final class ResidualBlock: Module {
  public let conv1: Conv2d
  public let conv2: Conv2d

  /// - Parameter channels: of input and output, `[N, channels, H, W]`.
  public init(channels: Int) throws {
    conv1 = try Conv2d(channels, channels, kernel: 3, initialization: .normal(gain: 1))
    // The trunk begins as the identity, which trains faster than a damped start.
    conv2 = try Conv2d(channels, channels, kernel: 3, initialization: .zero)
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor { try x + conv2(conv1(x).relu()) }
}

/// A local trunk for pictures that enlarges at its end: a first convolution, residual blocks, a last convolution
/// to `outputs · scale²` channels and a pixel shuffle (EDSR, Lim et al. 2017, without its long skip).
///
/// Every layer is a 3×3 convolution with zero padding, so that what a pixel depends on ends `receptiveRadius`
/// pixels away, and a tile with that margin gives what the whole picture gives.
public final class ResidualTrunk: Module {
  /// What a trunk is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Input channels.
    public var inputs: Int
    public var outputs: Int
    /// Channels inside.
    public var channels: Int
    /// Number of residual blocks.
    public var blocks: Int
    /// Enlargement; 1 keeps the size.
    public var scale: Int

    public init(inputs: Int = 3, outputs: Int = 3, channels: Int, blocks: Int, scale: Int) {
      self.inputs = inputs
      self.outputs = outputs
      self.channels = channels
      self.blocks = blocks
      self.scale = scale
    }
  }

  public let configuration: Configuration
  public let head: Conv2d
  public let body: [ResidualBlock]
  public let tail: Conv2d

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    head = try Conv2d(
      configuration.inputs, configuration.channels, kernel: 3, initialization: .normal(gain: 1))
    body = try (0..<configuration.blocks).map { _ in try ResidualBlock(channels: configuration.channels) }
    tail = try Conv2d(
      configuration.channels, configuration.outputs * configuration.scale * configuration.scale, kernel: 3,
      initialization: .normal(gain: 0.1))
  }

  /// `[N, inputs, H, W]` to `[N, outputs, H · scale, W · scale]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    // The residual stream stays in float32 when the products are in bfloat16.
    var stream = try head(x).to(.float32)
    for block in body { stream = try block(stream) }
    return try tail(stream).to(.float32).pixelShuffled(configuration.scale)
  }

  /// How many input pixels away an output pixel still depends on.
  public var receptiveRadius: Int { 2 * configuration.blocks + 2 }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] { body.flatMap { [$0.conv1.weight, $0.conv2.weight] } }
}
