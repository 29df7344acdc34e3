internal import Conditioners
internal import Families
internal import Synchronization
public import Torch
internal import TorchNN

/// Runs a model over a picture of any size, tile by tile.
///
/// A tile is read with the margin that its pixels depend on, so the tiles together are what one pass over the whole
/// picture gives, up to rounding in the last bits. The grid depends on the picture's size alone: the same bytes for
/// any number of threads.
public struct Upscaler: Sendable {
  public let model: SuperResolutionModel
  /// Input pixels of a tile's side, without margins.
  public let tileSide: Int
  private var runner: ChunkRunner
  private let device: Device
  private let fused: FusedResidualTrunk?

  /// The weights are taken over now: a model that is trained on wants a new upscaler.
  /// - Parameters:
  ///   - workers: threads; 0 for one per core.
  ///   - fuses: whether the trunk is packed for this processor, if it can be.
  public init(
    model: SuperResolutionModel, tileSide: Int = 384, workers: Int = 0, device: Device = .cpu,
    fuses: Bool = true
  ) throws {
    self.model = model
    self.tileSide = tileSide
    self.device = device
    runner = ChunkRunner(workers: workers)
    try model.network.to(device: device)
    fused = fuses ? try FusedResidualTrunk(model.network.trunk) : nil
  }

  /// The same, packed weights and all, on another number of threads.
  func with(workers: Int) -> Upscaler {
    var copy = self
    copy.runner = ChunkRunner(workers: workers)
    return copy
  }

  private func grid(height: Int, width: Int) -> (rows: [Span], columns: [Span]) {
    Span.grid(height: height, width: width, tileSide: tileSide, margin: model.network.receptiveRadius)
  }

  /// How many tiles a picture takes.
  public func tileCount(height: Int, width: Int) -> Int {
    let (rows, columns) = grid(height: height, width: width)
    return rows.count * columns.count
  }

  /// - Parameters:
  ///   - picture: RGB `[3, H, W]` over 0…1.
  ///   - afterTile: called on worker threads with (tiles done, all tiles); throws to stop.
  /// - Returns: `[3, H · scale, W · scale]`, clipped to 0…1.
  public func callAsFunction(
    _ picture: Tensor, afterTile: @escaping @Sendable (Int, Int) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    let shape = picture.shape
    guard shape.count == 3, shape[0] == 3, shape[1] > 0, shape[2] > 0 else {
      throw TensorError("a picture to enlarge has the shape [3, height, width], not \(shape)")
    }
    let scale = model.network.scale
    let (rows, columns) = grid(height: shape[1], width: shape[2])
    let (model, fused) = (model, fused)
    let conditioner = LowResolutionConditioner()
    let result = try Tensor.zeros([3, shape[1] * scale, shape[2] * scale])
    let done = Mutex(0)
    let count = rows.count * columns.count
    let device = device
    try runner.forEach(count) { index in
      let row = rows[index / columns.count]
      let column = columns[index % columns.count]
      let tile = try picture.narrow(1, start: row.readStart, length: row.readLength)
        .narrow(2, start: column.readStart, length: column.readLength).unsqueezed(0).to(device: device)
      let noise = BatchNoise(seed: 0, first: 0, count: 1)
      let family = model.family {
        try model.network($0, rows: row.kept, columns: column.kept, fused: fused)
      }
      let high = try family.sample(given: conditioner(tile.contiguous()), noise: noise).squeezed(0)
      // Tiles do not overlap where they are written.
      try result.narrow(1, start: row.start * scale, length: row.length * scale)
        .narrow(2, start: column.start * scale, length: column.length * scale)
        .copy_(high.clamped(0, 1))
      try afterTile(
        done.withLock {
          $0 += 1
          return $0
        }, count)
    }
    return result
  }
}

/// One tile along one axis: what it gives, and what it must read for that.
struct Span: Equatable, Sendable {
  let start: Int
  let length: Int
  let readStart: Int
  let readLength: Int

  /// What it gives, counted from the start of what it reads.
  var kept: Range<Int> { start - readStart..<start - readStart + length }

  /// Divides 0 ..< `count` into spans of about equal length, at most `side`, read with `margin` on both sides where
  /// the picture goes on; all windows but those of a small picture are of one length, so that kernels are chosen once.
  static func cover(_ count: Int, side: Int, margin: Int) -> [Span] {
    let pieces = (count + side - 1) / side
    let length = (count + pieces - 1) / pieces
    let window = min(count, length + 2 * margin)
    return stride(from: 0, to: count, by: length).map { start in
      let readStart = max(0, min(start - margin, count - window))
      return Span(start: start, length: min(length, count - start), readStart: readStart, readLength: window)
    }
  }
  /// The tiles of a picture: full rows where they fit, and two at least where that is worth while, for two cores.
  static func grid(height: Int, width: Int, tileSide: Int, margin: Int) -> (rows: [Span], columns: [Span]) {
    let side = width > tileSide ? tileSide : min(tileSide, max(margin, (height + 1) / 2))
    return (cover(height, side: side, margin: margin), cover(width, side: tileSide, margin: margin))
  }
}
