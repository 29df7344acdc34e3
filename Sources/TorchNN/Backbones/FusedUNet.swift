internal import CKernels
internal import Synchronization
public import Torch

/// A `UNet` on the CPU that is only run, never trained, for pictures of one size: the same function from the same
/// weights, by minimal filtering (Lavin & Gray 2016), with normalisation, activation, scale and shift in one pass.
///
/// The weights are packed once, at the start. One call is one thread's work, and what a picture gives does not depend on
/// the pictures beside it; results differ from the plain network's in the last bits (about 3·10⁻⁶ of the largest).
public final class FusedUNet: @unchecked Sendable {
  private let configuration: UNet.Configuration
  private let height: Int
  private let width: Int
  private let embedding: FusedEmbedding
  private let head: FusedConvolution
  private let down: [FusedUNetBlock]
  private let downsample: [FusedHalving]
  private let position: FusedPosition?
  private let middle1: FusedUNetBlock
  private let attention: FusedAttention
  private let middle2: FusedUNetBlock
  private let deeper: [FusedUNetBlock]
  private let deeperSelfAttention: [FusedAttention]
  private let deeperAttention: [FusedCrossAttention]
  private let up: [FusedUNetBlock]
  private let upsample: [FusedConvolution]
  private let norm: FusedNorm
  private let tail: FusedConvolution
  private let downSelfAttention: [FusedAttention]
  private let upSelfAttention: [FusedAttention]
  private let downAttention: [FusedCrossAttention]
  private let upAttention: [FusedCrossAttention]
  /// What calls that have ended leave for the next ones.
  private let workspaces = Mutex<[MapWorkspace]>([])

  /// Whether this processor has the instructions.
  public static var isFast: Bool { ckernels_winograd_is_fast() }

  /// - Parameters:
  ///   - height: of the pictures; a multiple of the patch and, divided by it, of 2 for every level but the last.
  ///   - width: likewise.
  /// - Returns: `nil` where the plain network serves better: other processors, other devices, other compute types.
  /// - Throws: `TensorError` when the weights cannot be read.
  public init?(_ network: UNet, height: Int, width: Int) throws {
    let convolutions = network.modules.compactMap { $0 as? Conv2d }
    guard Self.isFast,
      convolutions.allSatisfy({ $0.computeType == .float32 && $0.weight.value.device == .cpu })
    else { return nil }
    self.height = height
    self.width = width
    let configuration = network.configuration
    let (channels, blocks, groups) = (configuration.channels, configuration.blocks, configuration.groups)
    /// Of the level, from the top.
    func size(_ level: Int) -> (height: Int, width: Int) {
      ((height / configuration.patch) >> level, (width / configuration.patch) >> level)
    }
    var film = 0
    func block(_ block: UNetBlock, _ level: Int, beside: Int = 0) throws -> FusedUNetBlock {
      defer { film += 2 * block.conv1.weight.value.shape[0] }
      return try FusedUNetBlock(block, size: size(level), beside: beside, groups: groups, film: film)
    }
    self.configuration = configuration
    let bottom = channels.count - 1
    head = try FusedConvolution(network.head, size: size(0))
    down = try network.down.enumerated().map { try block($1, $0 / blocks) }
    downsample = try network.downsample.map { try FusedHalving($0) }
    position = try network.position.map { try FusedPosition($0) }
    middle1 = try block(network.middle1, bottom)
    func attending(_ attention: SelfAttention2d, _ level: Int) throws -> FusedAttention {
      try FusedAttention(attention, size: size(level), groups: groups, heads: configuration.heads)
    }
    attention = try attending(network.attention, bottom)
    middle2 = try block(network.middle2, bottom)
    deeper = try network.deeper.map { try block($0, bottom) }
    deeperSelfAttention = try network.deeperSelfAttention.map { try attending($0, bottom) }
    let skips = channels.flatMap { [Int](repeating: $0, count: blocks) }
    up = try network.up.enumerated().map {
      try block($1, bottom - $0 / blocks, beside: skips[skips.count - 1 - $0])
    }
    upsample = try network.upsample.enumerated().map { try FusedConvolution($1, size: size(bottom - 1 - $0)) }
    norm = try FusedNorm(network.norm, groups: groups, activates: true)
    tail = try FusedConvolution(network.tail, size: size(0))
    func crossing(_ attention: CrossAttention2d, _ level: Int) throws -> FusedCrossAttention {
      try FusedCrossAttention(attention, size: size(level), groups: groups, heads: configuration.heads)
    }
    deeperAttention = try network.deeperAttention.map { try crossing($0, bottom) }
    // Both begin anywhere on the way down, and with the first block on the way up.
    func levels<Layer>(of layers: [Layer]) -> [Int] {
      layers.indices.map { (channels.count * blocks - layers.count + $0) / blocks }
    }
    downSelfAttention = try zip(network.downSelfAttention, levels(of: network.downSelfAttention))
      .map(attending)
    upSelfAttention = try network.upSelfAttention.enumerated().map { try attending($1, bottom - $0 / blocks) }
    downAttention = try zip(network.downAttention, levels(of: network.downAttention)).map(crossing)
    upAttention = try network.upAttention.enumerated().map { try crossing($1, bottom - $0 / blocks) }
    embedding = try FusedEmbedding(
      network, blocks: network.down + [network.middle1, network.middle2] + network.deeper + network.up)
  }

  /// What `UNet` gives for the same arguments.
  /// - Parameters:
  ///   - x: `[N, C, H, W]`.
  ///   - time: `[N]`.
  ///   - global: `[N, D]`.
  ///   - text: `[N, L, D]` and its mask `[N, L]`, ones and then zeros, for a network that has a sequence.
  public func callAsFunction(
    _ x: Tensor, time: Tensor, global: Tensor?, text: (sequence: Tensor, mask: Tensor)? = nil
  ) throws -> Tensor {
    let shape = x.shape
    guard (text == nil) == (configuration.sequence == nil) else {
      throw TensorError(text == nil ? "this UNet wants a sequence" : "this UNet takes no sequence")
    }
    guard shape.count == 4, shape[1...] == [configuration.pictureChannels, height, width],
      time.shape == [shape[0]]
    else {
      throw TensorError(
        "pictures [N, \(configuration.pictureChannels), \(height), \(width)] and times [N] are wanted, "
          + "\(shape) and \(time.shape) are given")
    }
    let film = try embedding(time.floats(), global?.floats(), pictures: shape[0])
    let longest = text?.sequence.shape[1] ?? 0
    let needed = scratchCount(longest: longest)
    var workspace = workspaces.withLock { $0.popLast() } ?? MapWorkspace(scratch: needed)
    if workspace.scratch.count < needed { workspace = MapWorkspace(scratch: needed) }
    defer { workspaces.withLock { [workspace] in $0.append(workspace) } }
    let words = try text.map { try FusedWords($0.sequence, mask: $0.mask, workspace) }
    let patches = try FeatureMap(unshuffling: x.to(.float32), patch: configuration.patch, workspace)
    return try evaluated(patches, film, words).shuffled(configuration.patch)
  }

  private func evaluated(_ patches: FeatureMap, _ film: FusedEmbedding.Film, _ words: FusedWords?)
    -> FeatureMap
  {
    let (blocks, levels) = (configuration.blocks, configuration.channels.count)
    var stream = head(patches)
    var skips: [FeatureMap] = []
    for level in 0..<levels {
      if level == levels - 1, let position { position.add(to: stream) }
      for index in 0..<blocks {
        let block = level * blocks + index
        stream = down[block](stream, film)
        if let attention = downSelfAttention.layer(behind: block, lastOf: down.count) {
          stream = attention(stream)
        }
        if let words, let attention = downAttention.layer(behind: block, lastOf: down.count) {
          stream = attention(stream, words)
        }
        skips.append(stream)
      }
      if level < levels - 1 { stream = downsample[level](stream) }
    }
    stream = middle2(attention(middle1(stream, film)), film)
    for (index, block) in deeper.enumerated() {
      stream = deeperSelfAttention[index](stream)
      if let words { stream = deeperAttention[index](stream, words) }
      stream = block(stream, film)
    }
    for level in 0..<levels {
      for index in 0..<blocks {
        let block = level * blocks + index
        stream = up[block](stream, beside: skips.removeLast(), film)
        if let attention = upSelfAttention.layer(behind: block) { stream = attention(stream) }
        if let words, let attention = upAttention.layer(behind: block) { stream = attention(stream, words) }
      }
      if level < levels - 1 { stream = upsample[level](stream, enlarged: true) }
    }
    return tail(norm(stream))
  }

  /// What the hungriest layer needs beside its maps.
  private func scratchCount(longest: Int) -> Int {
    let blocks = down + [middle1, middle2] + deeper + up
    let layers =
      blocks.map(\.scratchCount) + ([head, tail] + upsample).map(\.scratchCount)
      + downsample.map(\.scratchCount)
      + (downAttention + deeperAttention + upAttention).map { $0.scratchCount(longest: longest) }
      + (downSelfAttention + deeperSelfAttention + upSelfAttention).map(\.scratchCount)
    return (layers + [norm.scratchCount, attention.scratchCount]).max()!
  }
}
