public import Torch

/// h + W (tanh(a) · σ(b)), where (a, b) is a causal convolution of h shifted by the condition (van den Oord et al. 2016,
/// "Conditional image generation with PixelCNN decoders", equation 4, in one stack).
public final class CausalGatedBlock: Module {
  public let conv: CausalConv2d
  public let label: Linear
  public let out: Conv2d

  public init(channels: Int, condition: Int, rows: Int, reach: Int) throws {
    conv = try CausalConv2d(channels, 2 * channels, rows: rows, reach: reach, here: .everything)
    label = try Linear(condition, 2 * channels, hasBias: false, isZero: true)
    out = try Conv2d(channels, channels, kernel: 1, initialization: .zero)
  }

  public func callAsFunction(_ h: Tensor, _ global: Tensor) throws -> Tensor {
    let channels = h.shape[1]
    let both = try conv(h).to(.float32) + label(global).unsqueezed(2).unsqueezed(3)
    let gated =
      try both.narrow(1, start: 0, length: channels).tanh()
      * both.narrow(1, start: channels, length: channels).sigmoid()
    return try h + out(gated).to(.float32)
  }
}

/// Parameters of each pixel's distribution, given the pixels before it, one 2×2 patch at a time.
///
/// Patches come in reading order, and inside each its four pixels. A trunk of gated blocks works on the grid of
/// patches, so it costs a quarter of one that works on pixels; a small head gives each of a patch's pixels what the
/// trunk says of the patches before and, at full resolution, the pixels around.
public final class CausalPatchNetwork: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Rows and columns of patches.
    public var height: Int
    public var width: Int
    /// Of the trunk.
    public var channels: Int
    public var blocks: Int
    /// Rows of patches above, and columns to either side, that a block sees.
    public var rows: Int
    public var reach: Int
    /// Units of the head for each pixel.
    public var head: Int
    /// D of `Conditioning.global`.
    public var condition: Int
    /// Parameters of a pixel's distribution.
    public var outputs: Int

    public init(
      height: Int, width: Int, channels: Int, blocks: Int, rows: Int, reach: Int, head: Int, condition: Int,
      outputs: Int
    ) {
      self.height = height
      self.width = width
      self.channels = channels
      self.blocks = blocks
      self.rows = rows
      self.reach = reach
      self.head = head
      self.condition = condition
      self.outputs = outputs
    }
  }

  /// Side of a patch.
  public static let patch = PatchFeatures.patch
  /// Pixels of a patch.
  public static let pixels = PatchFeatures.pixels

  public let configuration: Configuration
  public let first: CausalConv2d
  /// `[C, H / 2, W / 2]`: what is usual at each place.
  public let position: Parameter
  public let body: [CausalGatedBlock]
  /// From the trunk to the heads of a patch's four pixels, `[4 · head, C, 1, 1]`.
  public let context: Conv2d
  /// From the pixels around, those of the same patch that come before among them.
  public let near: CausalConv2d
  /// `[4 · head, head, 1, 1]`, each pixel's own.
  public let middle: Parameter
  public let middleBias: Parameter
  public let last: Parameter
  public let lastBias: Parameter

  public static let weightNames = ["middleBias": "middle_bias", "lastBias": "last_bias"]

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let (c, h, o) = (configuration.channels, configuration.head, configuration.outputs)
    first = try CausalConv2d(PatchFeatures.channels, c, rows: 3, reach: 4, here: .nothing)
    position = try Parameter([c, configuration.height, configuration.width], .normal(deviation: 0.05))
    body = try (0..<configuration.blocks).map { _ in
      try CausalGatedBlock(
        channels: c, condition: configuration.condition, rows: configuration.rows,
        reach: configuration.reach)
    }
    context = try Conv2d(c, Self.pixels * h, kernel: 1, initialization: .normal(gain: 0.7))
    // Features of a pixel lie together, so that groups are pixels.
    near = try CausalConv2d(
      PatchFeatures.channels, Self.pixels * h, rows: 1, reach: 1, here: .earlierGroups(Self.pixels),
      hasBias: false)
    middle = try Parameter([Self.pixels * h, h, 1, 1], .normal(deviation: (2 / Double(h)).squareRoot()))
    middleBias = try Parameter([Self.pixels * h], .constant(0))
    last = try Parameter([Self.pixels * o, h, 1, 1], .normal(deviation: 0.2 / Double(h).squareRoot()))
    lastBias = try Parameter([Self.pixels * o], .constant(0))
  }

  /// - Parameters:
  ///   - levels: `[N, 1, 2 H, 2 W]`, whole numbers 0…255.
  ///   - global: `[N, D]`.
  /// - Returns: `[N, outputs, 2 H, 2 W]`; a pixel's depend on the pixels before it alone.
  public func callAsFunction(_ levels: Tensor, global: Tensor) throws -> Tensor {
    let features = try PatchFeatures.of(levels)
    let heads = try heads(of: trunk(features, global: global), features)
    return try heads.pixelShuffled(Self.patch)
  }

  /// What the trunk says of each quarter of the picture on average, `[N, 4 C]`.
  public func summary(_ levels: Tensor, global: Tensor) throws -> Tensor {
    try trunk(PatchFeatures.of(levels), global: global).quarterMeans()
  }

  private func trunk(_ features: Tensor, global: Tensor) throws -> Tensor {
    var h = try first(features).to(.float32) + position.value
    for block in body { h = try block(h, global) }
    return h
  }

  /// `[N, outputs · 4, H, W]`, a parameter's four pixels together as a pixel shuffle wants them.
  private func heads(of trunk: Tensor, _ features: Tensor) throws -> Tensor {
    let type = context.computeType
    let hidden = try (context(trunk) + near(features)).relu()
    let deeper = try hidden.to(type).conv2d(
      middle.value.to(type), bias: middleBias.value.to(type), groups: Self.pixels)
    let all = try (hidden + deeper.relu()).conv2d(
      last.value.to(type), bias: lastBias.value.to(type), groups: Self.pixels
    ).to(.float32)
    let shape = all.shape
    return try all.reshaped([shape[0], Self.pixels, configuration.outputs, shape[2], shape[3]])
      .permuted([0, 2, 1, 3, 4]).reshaped(shape)
  }

  /// The rank of each pixel, row by row, in the order in which they come.
  public var order: [Int] {
    let (height, width) = (configuration.height * Self.patch, configuration.width * Self.patch)
    return (0..<height * width).map { pixel in
      let (y, x) = (pixel / width, pixel % width)
      let place = y / Self.patch * configuration.width + x / Self.patch
      return place * Self.pixels + y % Self.patch * Self.patch + x % Self.patch
    }
  }

  /// The weights of the hidden convolutions, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    body.flatMap { [$0.conv.weight, $0.out.weight] } + [context.weight]
  }
}
