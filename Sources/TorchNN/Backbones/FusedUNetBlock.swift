internal import CKernels
internal import Torch

/// A `UNetBlock` over feature maps.
struct FusedUNetBlock {
  private let norm1: FusedNorm
  private let conv1: FusedConvolution
  private let norm2: FusedNorm
  private let conv2: FusedConvolution
  /// Of the stream and of what lies beside it.
  private let skip: [FusedPointwise]
  /// Where the block's scale and shift begin.
  private let film: Int

  let scratchCount: Int

  /// - Parameters:
  ///   - beside: channels of the second of the maps that are its input together; 0 for one.
  ///   - film: place of the block's scale and shift among those of all blocks.
  init(
    _ block: UNetBlock, size: (height: Int, width: Int), beside: Int, groups: Int, film: Int
  ) throws {
    norm1 = try FusedNorm(block.norm1, groups: groups, activates: true)
    conv1 = try FusedConvolution(block.conv1, size: size)
    norm2 = try FusedNorm(block.norm2, groups: groups, activates: true)
    conv2 = try FusedConvolution(block.conv2, size: size)
    skip =
      try block.skip.map { skip in
        let own = skip.weight.value.shape[1] - beside
        let stream = try FusedPointwise(skip, inputs: 0..<own)
        guard beside > 0 else { return [stream] }
        return [stream, try FusedPointwise(skip, inputs: own..<own + beside, hasBias: false)]
      } ?? []
    self.film = film
    scratchCount = [
      norm1.scratchCount, norm2.scratchCount, conv1.scratchCount, conv2.scratchCount,
    ].max()!
  }

  func callAsFunction(_ x: FeatureMap, beside: FeatureMap? = nil, _ film: FusedEmbedding.Film) -> FeatureMap {
    let hidden = conv1(norm1(x, beside: beside))
    let scaled = norm2(hidden, film: film.values.address + self.film, stride: film.stride)
    guard !skip.isEmpty else { return conv2(scaled, adding: x) }
    let sum = skip[0](x)
    if let beside { skip[1].add(beside, to: sum) }
    return conv2(scaled, adding: sum, into: sum)
  }
}

/// A `SelfAttention2d` over feature maps.
struct FusedAttention {
  private let norm: FusedNorm
  private let qkv: FusedPointwise
  private let out: FusedPointwise
  private let heads: Int

  let scratchCount: Int

  init(_ attention: SelfAttention2d, size: (height: Int, width: Int), groups: Int, heads: Int) throws {
    norm = try FusedNorm(attention.norm, groups: groups, activates: false)
    let channels = attention.out.weight.value.shape[0]
    qkv = try FusedPointwise(attention.qkv, inputs: 0..<channels)
    out = try FusedPointwise(attention.out, inputs: 0..<channels)
    self.heads = heads
    scratchCount = max(
      norm.scratchCount, ckernels_maps_attention_scratch_count(size.height * size.width, channels, heads))
  }

  func callAsFunction(_ x: FeatureMap) -> FeatureMap {
    let parts = qkv(norm(x))
    let attended = x.another(channels: x.channels)
    ckernels_maps_attention(
      x.maps, parts.address, x.channels, heads, attended.address, x.workspace.scratch.address)
    return out(attended, adding: x)
  }
}

/// A `CrossAttention2d` over feature maps.
struct FusedCrossAttention {
  private let norm: FusedNorm
  private let query: FusedPointwise
  private let keyValue: FusedPointwise
  private let out: FusedPointwise
  private let heads: Int
  private let pixels: Int

  init(_ attention: CrossAttention2d, size: (height: Int, width: Int), groups: Int, heads: Int) throws {
    norm = try FusedNorm(attention.norm, groups: groups, activates: false)
    let channels = attention.out.weight.value.shape[0]
    query = try FusedPointwise(attention.query, inputs: 0..<channels)
    keyValue = try FusedPointwise(attention.keyValue)
    out = try FusedPointwise(attention.out, inputs: 0..<channels)
    self.heads = heads
    pixels = size.height * size.width
  }

  func scratchCount(longest: Int) -> Int {
    max(norm.scratchCount, ckernels_maps_cross_attention_scratch_count(pixels, longest, norm.channels, heads))
  }

  func callAsFunction(_ x: FeatureMap, _ words: FusedWords) -> FeatureMap {
    let wanted = query(norm(x))
    let pairs = keyValue(words.rows)
    let attended = x.another(channels: x.channels)
    ckernels_maps_cross_attention(
      x.maps, wanted.address, pairs.address, words.rows.maps.width, words.lengths, x.channels, heads,
      attended.address, x.workspace.scratch.address)
    return out(attended, adding: x)
  }
}

/// Sequences that pixels attend to.
struct FusedWords {
  /// `[N, 1, L, D]`.
  let rows: FeatureMap
  /// Of each, how many of its first ones count.
  let lengths: [Int]

  /// - Parameters:
  ///   - sequence: `[N, L, D]`.
  ///   - mask: `[N, L]`: ones, at least one, and then zeros.
  /// - Throws: `TensorError` for another mask.
  init(_ sequence: Tensor, mask: Tensor, _ workspace: MapWorkspace) throws {
    let longest = sequence.shape[1]
    let shown = try mask.to(.float32).contiguous().floats()
    lengths = try (0..<sequence.shape[0]).map { row in
      let own = shown[row * longest..<(row + 1) * longest]
      let length = own.prefix { $0 == 1 }.count
      guard length > 0, own.dropFirst(length).allSatisfy({ $0 == 0 }) else {
        throw TensorError("a sequence's mask has gaps, or is empty; ones and then zeros would be right")
      }
      return length
    }
    rows = try FeatureMap(rows: sequence.to(.float32), workspace)
  }
}
