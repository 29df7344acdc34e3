public import Torch

/// One group of latent numbers: their prior given what is decided above, their posterior given x as well, and what they
/// change below.
public final class LatentGroup: Module {
  public let prior: Conv2d
  public let posterior: Conv2d
  public let absorb: Conv2d
  public let block: ResidualBlock

  public init(channels: Int, latents: Int) throws {
    prior = try Conv2d(channels, 2 * latents, kernel: 3, initialization: .zero)
    posterior = try Conv2d(2 * channels, 2 * latents, kernel: 3, initialization: .normal(gain: 0.1))
    absorb = try Conv2d(latents, channels, kernel: 3, initialization: .normal(gain: 0.5))
    block = try ResidualBlock(channels: channels)
  }
}

/// The two ways of a ladder: features of x from fine to coarse, and a stream from coarse to fine into which groups of
/// latent numbers are absorbed one after the other.
public final class LadderNetwork: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Of the picture; multiples of 4.
    public var height: Int
    public var width: Int
    public var channels: Int
    /// Residual blocks of each level on the way up.
    public var blocks: Int
    /// Groups of latent numbers at a quarter and at half of the size, and channels of each.
    public var coarseGroups: Int
    public var coarseLatents: Int
    public var fineGroups: Int
    public var fineLatents: Int
    public var condition: Int
    /// Parameters of a pixel's distribution.
    public var outputs: Int

    public init(
      height: Int, width: Int, channels: Int, blocks: Int, coarseGroups: Int, coarseLatents: Int,
      fineGroups: Int, fineLatents: Int, condition: Int, outputs: Int
    ) {
      self.height = height
      self.width = width
      self.channels = channels
      self.blocks = blocks
      self.coarseGroups = coarseGroups
      self.coarseLatents = coarseLatents
      self.fineGroups = fineGroups
      self.fineLatents = fineLatents
      self.condition = condition
      self.outputs = outputs
    }
  }

  public let configuration: Configuration
  public let first: Conv2d
  public let fineUp: [ResidualBlock]
  public let downsample: Conv2d
  public let coarseUp: [ResidualBlock]
  /// `[C, H / 4, W / 4]`, where the stream begins.
  public let start: Parameter
  /// `[K, C · H/4 · W/4]` and `[K, C · H/2 · W/2]`: what is usual for a class at each place.
  public let coarseLabel: Parameter
  public let fineLabel: Parameter
  public let coarse: [LatentGroup]
  public let upsample: Conv2d
  public let fine: [LatentGroup]
  public let block: ResidualBlock
  public let last: Conv2d

  public static let weightNames = [
    "fineUp": "fine_up", "coarseUp": "coarse_up", "coarseLabel": "coarse_label", "fineLabel": "fine_label",
  ]

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let c = configuration.channels
    let (h, w) = (configuration.height / 4, configuration.width / 4)
    first = try Conv2d(PatchFeatures.channels, c, kernel: 3, initialization: .normal(gain: 0.7))
    fineUp = try (0..<configuration.blocks).map { _ in try ResidualBlock(channels: c) }
    downsample = try Conv2d(c, c, kernel: 3, stride: 2, padding: 1, initialization: .normal(gain: 0.7))
    coarseUp = try (0..<configuration.blocks).map { _ in try ResidualBlock(channels: c) }
    start = try Parameter([c, h, w], .normal(deviation: 0.1))
    coarseLabel = try Parameter([configuration.condition, c * h * w], .normal(deviation: 0.05))
    fineLabel = try Parameter([configuration.condition, 4 * c * h * w], .normal(deviation: 0.05))
    coarse = try (0..<configuration.coarseGroups).map { _ in
      try LatentGroup(channels: c, latents: configuration.coarseLatents)
    }
    upsample = try Conv2d(c, c, kernel: 3, initialization: .normal(gain: 0.7))
    fine = try (0..<configuration.fineGroups).map { _ in
      try LatentGroup(channels: c, latents: configuration.fineLatents)
    }
    block = try ResidualBlock(channels: c)
    last = try Conv2d(c, 4 * configuration.outputs, kernel: 1, initialization: .normal(gain: 0.2))
  }

  /// Features of grey levels `[N, 1, H, W]`, 0…255: `[N, C, H/4, W/4]` and `[N, C, H/2, W/2]`.
  public func encoded(_ levels: Tensor) throws -> (coarse: Tensor, fine: Tensor) {
    var stream = try first(PatchFeatures.of(levels)).to(.float32)
    for block in fineUp { stream = try block(stream) }
    let fine = stream
    stream = try downsample(stream).to(.float32)
    for block in coarseUp { stream = try block(stream) }
    return (stream, fine)
  }

  /// The stream before the first group, `[N, C, H/4, W/4]`.
  public func begin(global: Tensor) throws -> Tensor {
    let shape = [global.shape[0]] + start.value.shape
    return try global.matmul(coarseLabel.value).reshaped(shape) + start.value
  }

  /// The stream at twice the size.
  public func refined(_ stream: Tensor, global: Tensor) throws -> Tensor {
    let larger = try upsample(stream.repeatInterleave(2, axis: 2).repeatInterleave(2, axis: 3)).to(.float32)
    return try larger + global.matmul(fineLabel.value).reshaped(larger.shape)
  }

  /// Parameters of each pixel's distribution, `[N, outputs, H, W]`.
  public func decoded(_ stream: Tensor) throws -> Tensor {
    try last(block(stream).relu()).to(.float32).pixelShuffled(2)
  }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    (fineUp + coarseUp + (coarse + fine).map(\.block) + [block]).flatMap {
      [$0.conv1.weight, $0.conv2.weight]
    }
      + [downsample.weight, upsample.weight]
  }
}
