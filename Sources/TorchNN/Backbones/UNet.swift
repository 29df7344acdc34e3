internal import Foundation
public import Torch

/// Normalise, activate, convolve, twice, with the embedding of level and condition as a scale and shift between
/// (Dhariwal & Nichol 2021, "Diffusion models beat GANs", section 3.1).
public final class UNetBlock: Module {
  public let norm1: GroupNorm
  public let conv1: Conv2d
  public let emb: Linear
  public let norm2: GroupNorm
  public let conv2: Conv2d
  public let skip: Conv2d?

  public init(_ inputs: Int, _ outputs: Int, embedding: Int, groups: Int) throws {
    norm1 = try GroupNorm(groups: groups, channels: inputs)
    conv1 = try Conv2d(inputs, outputs, kernel: 3)
    emb = try Linear(embedding, 2 * outputs)
    norm2 = try GroupNorm(groups: groups, channels: outputs)
    conv2 = try Conv2d(outputs, outputs, kernel: 3, initialization: .zero)
    skip = inputs == outputs ? nil : try Conv2d(inputs, outputs, kernel: 1)
  }

  /// - Parameters:
  ///   - x: `[N, C, H, W]`.
  ///   - embedding: `[N, E]`.
  public func callAsFunction(_ x: Tensor, _ embedding: Tensor) throws -> Tensor {
    let hidden = try conv1(norm1(x).silu()).to(.float32)
    let film = try emb(embedding.silu()).unsqueezed(2).unsqueezed(3)
    let channels = hidden.shape[1]
    let (scale, shift) = (
      try film.narrow(1, start: 0, length: channels), try film.narrow(1, start: channels, length: channels)
    )
    let result = try conv2((norm2(hidden) * (scale + 1) + shift).silu()).to(.float32)
    return try (skip?(x).to(.float32) ?? x) + result
  }
}

/// A UNet for small pictures: patches of pixels as channels, levels of half the size each, attention at the lowest ones.
public final class UNet: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Channels of the picture, in and out.
    public var pictureChannels: Int
    /// Side of the squares of pixels that become channels; divides the picture's sides.
    public var patch: Int
    /// Of each level, from the top.
    public var channels: [Int]
    /// On the way down and on the way up, at each level.
    public var blocks: Int
    /// E.
    public var embedding: Int
    /// D of `Conditioning.global`; 0 for none.
    public var condition: Int
    public var groups: Int
    public var heads: Int
    /// D of `Conditioning.sequence`, to which blocks' pixels attend; nil for none.
    public var sequence: Int?
    /// Levels, from the lowest, whose blocks do; nil for all.
    public var attendingLevels: Int?
    /// Levels, from the lowest, behind whose blocks pixels attend to one another; nil for none.
    public var selfAttendingLevels: Int?
    /// Blocks that follow the two in the middle, each behind pixels that attend to one another and to the sequence: what a
    /// picture shows as a whole is settled there, at little cost; nil for none.
    public var middleBlocks: Int?
    /// Height and width of the lowest level, in its pixels, where a learned vector tells each what place it has: things are
    /// counted by where they are. nil for none, and for pictures of any size.
    public var positions: [Int]?

    public init(
      pictureChannels: Int, patch: Int, channels: [Int], blocks: Int, embedding: Int, condition: Int,
      groups: Int = 8, heads: Int = 4, sequence: Int? = nil, attendingLevels: Int? = nil,
      selfAttendingLevels: Int? = nil, middleBlocks: Int? = nil, positions: [Int]? = nil
    ) {
      self.pictureChannels = pictureChannels
      self.patch = patch
      self.channels = channels
      self.blocks = blocks
      self.embedding = embedding
      self.condition = condition
      self.groups = groups
      self.heads = heads
      self.sequence = sequence
      self.attendingLevels = attendingLevels
      self.selfAttendingLevels = selfAttendingLevels
      self.middleBlocks = middleBlocks
      self.positions = positions
    }

    /// Of what the lowest level's first block is given.
    var enteringChannels: Int { channels.count > 1 ? channels[channels.count - 2] : channels[0] }

    /// Blocks on the way down, and on the way up, that attend to a sequence.
    var attendingBlocks: Int { sequence == nil ? 0 : (attendingLevels ?? channels.count) * blocks }
  }

  public let configuration: Configuration
  public let time1: Linear
  public let time2: Linear
  public let label: Linear?
  public let head: Conv2d
  public let down: [UNetBlock]
  public let downsample: [Conv2d]
  /// `[C, H, W]`, added before the lowest level's first block; nil where places are not told.
  public let position: Parameter?
  public let middle1: UNetBlock
  public let attention: SelfAttention2d
  public let middle2: UNetBlock
  /// The blocks that follow in the middle, and what is before each.
  public let deeper: [UNetBlock]
  public let deeperSelfAttention: [SelfAttention2d]
  public let deeperAttention: [CrossAttention2d]
  public let up: [UNetBlock]
  public let upsample: [Conv2d]
  public let norm: GroupNorm
  public let tail: Conv2d
  /// One behind each of the last blocks of `down`, and of the first of `up`.
  public let downSelfAttention: [SelfAttention2d]
  public let upSelfAttention: [SelfAttention2d]
  /// One behind each of the last blocks of `down`, and of the first of `up`; none where there is no sequence.
  public let downAttention: [CrossAttention2d]
  public let upAttention: [CrossAttention2d]

  public static let weightNames = [
    "downAttention": "down_attention", "upAttention": "up_attention",
    "downSelfAttention": "down_self_attention", "upSelfAttention": "up_self_attention",
    "deeperSelfAttention": "deeper_self_attention", "deeperAttention": "deeper_attention",
  ]

  /// - Precondition: there is a level, and `groups` and `heads` divide the channels.
  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let (channels, blocks, e) = (configuration.channels, configuration.blocks, configuration.embedding)
    precondition(!channels.isEmpty && blocks > 0, "a UNet has a level and a block")
    let groups = configuration.groups
    let pixels = configuration.pictureChannels * configuration.patch * configuration.patch
    time1 = try Linear(e, e)
    time2 = try Linear(e, e)
    label = configuration.condition > 0 ? try Linear(configuration.condition, e, hasBias: false) : nil
    head = try Conv2d(pixels, channels[0], kernel: 3)
    var down: [UNetBlock] = []
    var downsample: [Conv2d] = []
    var width = channels[0]
    var skips: [Int] = []
    for (level, next) in channels.enumerated() {
      for _ in 0..<blocks {
        down.append(try UNetBlock(width, next, embedding: e, groups: groups))
        width = next
        skips.append(width)
      }
      if level < channels.count - 1 {
        downsample.append(try Conv2d(width, width, kernel: 3, stride: 2, padding: 1))
      }
    }
    self.down = down
    self.downsample = downsample
    // Before its first block, the lowest level is as wide as the level above.
    position = try configuration.positions.map {
      try Parameter([configuration.enteringChannels] + $0, .normal(deviation: 0.1))
    }
    middle1 = try UNetBlock(width, width, embedding: e, groups: groups)
    attention = try SelfAttention2d(channels: width, heads: configuration.heads, groups: groups)
    middle2 = try UNetBlock(width, width, embedding: e, groups: groups)
    let lowest = width
    let middle = [Int](repeating: lowest, count: configuration.middleBlocks ?? 0)
    deeper = try middle.map { try UNetBlock($0, $0, embedding: e, groups: groups) }
    var up: [UNetBlock] = []
    var upsample: [Conv2d] = []
    for (level, next) in channels.enumerated().reversed() {
      for _ in 0..<blocks {
        up.append(try UNetBlock(width + skips.removeLast(), next, embedding: e, groups: groups))
        width = next
      }
      if level > 0 { upsample.append(try Conv2d(width, width, kernel: 3)) }
    }
    self.up = up
    self.upsample = upsample
    norm = try GroupNorm(groups: groups, channels: width)
    tail = try Conv2d(width, pixels, kernel: 3, initialization: .zero)
    let all = channels.flatMap { [Int](repeating: $0, count: blocks) }
    let widths = all.suffix(configuration.attendingBlocks)
    func crossing(_ widths: some Sequence<Int>) throws -> [CrossAttention2d] {
      try configuration.sequence.map { sequence in
        try widths.map {
          try CrossAttention2d(channels: $0, sequence: sequence, heads: configuration.heads, groups: groups)
        }
      } ?? []
    }
    deeperAttention = try crossing(middle)
    downAttention = try crossing(widths)
    upAttention = try crossing(widths.reversed())
    func attending(_ widths: some Sequence<Int>) throws -> [SelfAttention2d] {
      try widths.map { try SelfAttention2d(channels: $0, heads: configuration.heads, groups: groups) }
    }
    deeperSelfAttention = try attending(middle)
    let own = all.suffix((configuration.selfAttendingLevels ?? 0) * blocks)
    downSelfAttention = try attending(own)
    upSelfAttention = try attending(own.reversed())
  }

  /// - Parameters:
  ///   - x: `[N, C, H, W]`; both sides multiples of the patch and, divided by it, of 2 for every level but the last.
  ///   - time: `[N]`, any number that says how noisy x is, about −2…2.
  ///   - global: `[N, D]`; zeros where nothing is known.
  ///   - text: `[N, L, D]` and its mask `[N, L]`, for a network that has a sequence.
  public func callAsFunction(
    _ x: Tensor, time: Tensor, global: Tensor?, text: (sequence: Tensor, mask: Tensor)? = nil
  ) throws -> Tensor {
    guard (text == nil) == downAttention.isEmpty else {
      throw TensorError(text == nil ? "this UNet wants a sequence" : "this UNet takes no sequence")
    }
    let embedding = try embedding(time, global)
    var (stream, skips) = try descended(x, embedding, text)
    let (blocks, levels) = (configuration.blocks, configuration.channels.count)
    for level in 0..<levels {
      for index in 0..<blocks {
        let block = level * blocks + index
        stream = try up[block](.cat([stream, skips.removeLast()], axis: 1), embedding)
        if let attention = upSelfAttention.layer(behind: block) { stream = try attention(stream) }
        if let text, let attention = upAttention.layer(behind: block) {
          stream = try attention(stream, text.sequence, mask: text.mask)
        }
      }
      if level < levels - 1 {
        let larger = try stream.repeatInterleave(2, axis: 2).repeatInterleave(2, axis: 3)
        stream = try upsample[level](larger.contiguous(.channelsLast)).to(.float32)
      }
    }
    return try tail(norm(stream).silu()).to(.float32).pixelShuffled(configuration.patch)
  }

  /// What the lowest level says of each quarter of the picture on average, `[N, 4 · its channels]`; of the same arguments.
  public func summary(
    _ x: Tensor, time: Tensor, global: Tensor?, text: (sequence: Tensor, mask: Tensor)? = nil
  ) throws -> Tensor {
    try descended(x, embedding(time, global), text).stream.quarterMeans()
  }

  private func embedding(_ time: Tensor, _ global: Tensor?) throws -> Tensor {
    let embedding = try time2(time1(configuration.waves(time)).silu())
    guard let label, let global else { return embedding }
    return try embedding + label(global)
  }

  /// The lowest level, and what the way up takes from the way down.
  private func descended(_ x: Tensor, _ embedding: Tensor, _ text: (sequence: Tensor, mask: Tensor)?) throws
    -> (
      stream: Tensor, skips: [Tensor]
    )
  {
    // Convolutions need not bring their inputs into another order then, which is a fifth of the time.
    let patches = try x.pixelUnshuffled(configuration.patch).contiguous(.channelsLast)
    var stream = try head(patches).to(.float32)
    var skips: [Tensor] = []
    let (blocks, levels) = (configuration.blocks, configuration.channels.count)
    for level in 0..<levels {
      if level == levels - 1, let position { stream = try stream + position.value }
      for index in 0..<blocks {
        let block = level * blocks + index
        stream = try down[block](stream, embedding)
        if let attention = downSelfAttention.layer(behind: block, lastOf: down.count) {
          stream = try attention(stream)
        }
        if let text, let attention = downAttention.layer(behind: block, lastOf: down.count) {
          stream = try attention(stream, text.sequence, mask: text.mask)
        }
        skips.append(stream)
      }
      if level < levels - 1 { stream = try downsample[level](stream).to(.float32) }
    }
    stream = try middle2(attention(middle1(stream, embedding)), embedding)
    for (index, block) in deeper.enumerated() {
      stream = try deeperSelfAttention[index](stream)
      if let text { stream = try deeperAttention[index](stream, text.sequence, mask: text.mask) }
      stream = try block(stream, embedding)
    }
    return (stream, skips)
  }

  /// The weights of the hidden convolutions, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    (down + [middle1, middle2] + deeper + up).flatMap { [$0.conv1.weight, $0.conv2.weight] }
  }

  /// The matrices of attention, for the same optimisers.
  public var attentionWeights: [Parameter] {
    (downSelfAttention + [attention] + deeperSelfAttention + upSelfAttention).flatMap {
      [$0.qkv.weight, $0.out.weight]
    }
      + (downAttention + deeperAttention + upAttention).flatMap {
        [$0.query.weight, $0.keyValue.weight, $0.out.weight]
      }
  }
}

extension Array {
  /// What belongs to a block, where only the first blocks have it.
  func layer(behind block: Int) -> Element? { block < count ? self[block] : nil }

  /// What belongs to a block, where only the last of `blocks` have it.
  func layer(behind block: Int, lastOf blocks: Int) -> Element? {
    let place = block - (blocks - count)
    return place >= 0 ? self[place] : nil
  }
}

extension UNet.Configuration {
  /// Whether it can be a network for pictures of this size, and one of a size that memory can be taken for.
  public func isPlausible(height: Int, width: Int) -> Bool {
    guard (1...16).contains(patch), (1...6).contains(channels.count) else { return false }
    let divisor = patch << (channels.count - 1)
    // Where words are attended to, at any level, all heads are there.
    let headed = sequence == nil ? channels.suffix(max(1, selfAttendingLevels ?? 1)) : channels[...]
    return (1...16).contains(blocks) && (1...1024).contains(pictureChannels)
      && (0...100_000).contains(condition)
      && (2...4096).contains(embedding) && embedding % 2 == 0 && (1...256).contains(groups)
      && (1...64).contains(heads) && channels.allSatisfy { (1...1024).contains($0) && $0 % groups == 0 }
      && headed.allSatisfy { $0 % heads == 0 } && (1...65_536).contains(sequence ?? 1)
      && (1...channels.count).contains(attendingLevels ?? 1)
      && (0...channels.count).contains(selfAttendingLevels ?? 0) && (0...64).contains(middleBlocks ?? 0)
      && height > 0 && height % divisor == 0
      && width > 0 && width % divisor == 0
      && (positions == nil || positions == [height / divisor, width / divisor])
  }

  /// By which the network is told the level of noise.
  var waves: TimeWaves { TimeWaves(embedding) }
}
