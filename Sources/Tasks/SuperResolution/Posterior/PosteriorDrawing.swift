internal import Conditioners
internal import Families
internal import Foundation
internal import PipelineCore
internal import Torch
internal import TorchNN

/// Draws pictures from P(high | low).
///
/// One field of noise lies over the whole picture, and all tiles have done a step before any begins the next: each evaluation
/// of the network reads its tiles with the margin that their pixels depend on, so the tiles together are what one pass over
/// the whole picture gives. Draw i of a seed is the same bytes whatever is drawn beside it, on any number of threads.
struct PosteriorDrawing: Sendable {
  let model: PosteriorModel
  let mean: Upscaler
  /// Low-resolution pixels of a tile's side, without margins.
  private let tileSide: Int
  private let device: Device
  private let fusedDenoiser: FusedResidualTrunk?
  private let fusedDeviation: FusedResidualTrunk?

  /// The weights are taken over now: a model that is trained on wants a new one.
  /// - Parameters:
  ///   - mean: the point estimate that the model was trained around.
  ///   - fuses: whether the trunk is packed for this processor, if it can be.
  init(model: PosteriorModel, mean: Upscaler, tileSide: Int = 384, device: Device = .cpu, fuses: Bool = true)
    throws
  {
    self.model = model
    self.mean = mean
    self.tileSide = tileSide
    self.device = device
    try model.network.to(device: device)
    fusedDenoiser = fuses ? try FusedResidualTrunk(model.network.denoiser) : nil
    fusedDeviation = fuses ? try FusedResidualTrunk(model.network.deviation) : nil
  }

  var scale: Int { model.description.network.scale }

  /// Evaluations of the denoiser that a draw takes.
  var evaluations: Int {
    let sampler = model.description.sampler
    return sampler.name == .heun ? 2 * sampler.steps - 1 : sampler.steps
  }

  /// How many tiles a picture takes: those of the mean and the deviation, and those of one draw.
  func tileCounts(height: Int, width: Int) -> (mean: Int, draw: Int) {
    let (rows, columns) = grid(height, width)
    let count = rows.count * columns.count
    return (mean.tileCount(height: height, width: width) + count, count * evaluations)
  }

  private var margin: Int {
    max(model.network.denoiser.receptiveRadius, model.network.deviation.receptiveRadius)
  }

  private func grid(_ height: Int, _ width: Int) -> (rows: [Span], columns: [Span]) {
    Span.grid(
      height: height, width: width, tileSide: tileSide, margin: margin)
  }

  /// What all draws given one picture have in common.
  /// - Parameters:
  ///   - low: RGB `[3, h, w]` over 0…1.
  ///   - afterTile: called on worker threads; throws to stop.
  func space(
    of low: Tensor, workers: Int = 0, afterTile: @escaping @Sendable () throws -> Void = {}
  ) throws -> ResidualSpace {
    let picture = try mean.with(workers: workers)(low) { _, _ in try afterTile() }
    let features = try MeanFeatures(
      low: low.unsqueezed(0).to(device: device), mean: picture.unsqueezed(0).to(device: device), scale: scale,
      local: model.description.local)
    let correction = try tiled(
      model.network.deviation, fusedDeviation, height: low.shape[1], width: low.shape[2],
      runner: ChunkRunner(workers: workers), afterTile
    ) { window in try window(features.told) }
    return try model.space(features, correction: correction)
  }

  /// What a trunk gives for a whole picture, tile by tile: `[1, outputs, height · its scale, width · its scale]`.
  /// - Parameter inputs: the trunk's, of the tile that its argument cuts out of a picture.
  private func tiled(
    _ trunk: ResidualTrunk, _ fused: FusedResidualTrunk?, height: Int, width: Int, runner: ChunkRunner,
    _ afterTile: @escaping @Sendable () throws -> Void,
    inputs: @escaping @Sendable (_ window: (Tensor) throws -> Tensor) throws -> Tensor
  ) throws -> Tensor {
    let (rows, columns) = grid(height, width)
    let scale = trunk.configuration.scale
    let result = try Tensor.zeros(
      [1, trunk.configuration.outputs, height * scale, width * scale], device: device)
    @Sendable func part(_ picture: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) throws -> Tensor {
      try picture.narrow(2, start: rows.lowerBound * scale, length: rows.count * scale)
        .narrow(3, start: columns.lowerBound * scale, length: columns.count * scale)
    }
    try runner.forEach(rows.count * columns.count) { index in
      let (row, column) = (rows[index / columns.count], columns[index % columns.count])
      let read = try inputs {
        try $0.narrow(2, start: row.readStart, length: row.readLength)
          .narrow(3, start: column.readStart, length: column.readLength)
      }
      // Tiles do not overlap where they are written.
      try part(result, row.start..<row.start + row.length, column.start..<column.start + column.length).copy_(
        fused?(read, rows: row.kept, columns: column.kept) ?? part(trunk(read), row.kept, column.kept))
      try afterTile()
    }
    return result
  }

  /// One draw, `[3, h · scale, w · scale]`, neither clipped nor made to agree with the low-resolution picture.
  func callAsFunction(
    _ space: ResidualSpace, seed: UInt64, index: Int, workers: Int = 0,
    afterTile: @escaping @Sendable () throws -> Void = {}
  ) throws -> Tensor {
    let shape = space.mean.shape
    let (height, width) = (shape[2] / scale, shape[3] / scale)
    let runner = ChunkRunner(workers: workers)
    let family = model.family(height: height, width: width) { x, time, given in
      try tiled(
        model.network.denoiser, fusedDenoiser, height: height, width: width, runner: runner, afterTile
      ) { window in
        try PosteriorNetwork.inputs(
          window(x), time, Conditioning(spatial: given.spatial.map { try window($0) }))
      }
    }
    let noise = BatchNoise(seed: seed, first: index, count: 1)
    let y = try family.sample(given: space.conditioning, noise: noise)
    let across = try model.description.tails.draw(
      noise, dimensions: 2 * model.description.network.residualChannels, height: height, width: width,
      stream: "across")
    return try space.picture(of: y, across: across.to(device: device)).squeezed(0).to(device: .cpu)
  }
}

extension PosteriorDrawing {
  /// Reads a posterior and the point estimate that it was trained around.
  /// - Throws: `PipelineError` of kind `.data` where they do not belong together; what reading throws.
  init(_ entry: Specification.Model, _ weights: ScaleWeights, scale: Int, device: Device) throws {
    guard let meanFile = weights.mean else { preconditionFailure("a posterior has a mean") }
    let model = try PosteriorModel(contentsOf: weights.file(scale))
    guard model.description.meanSHA256 == (try Digest.sha256(of: meanFile)) else {
      throw PipelineError.data(
        "\(entry.weights.lastPathComponent) was trained around other weights than \(meanFile.lastPathComponent) holds; "
          + "`pipeline train super-resolution --model \(entry.name) --scale \(scale)` makes it anew")
    }
    try self.init(
      model: model,
      mean: Upscaler(model: SuperResolutionModel(contentsOf: meanFile, scale: scale), device: device),
      device: device)
  }
}
