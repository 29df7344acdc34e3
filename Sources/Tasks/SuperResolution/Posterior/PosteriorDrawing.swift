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
  private let fused: FusedResidualTrunk?

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
    fused = fuses ? try FusedResidualTrunk(model.network.trunk) : nil
  }

  var scale: Int { model.description.network.scale }

  /// Evaluations of the denoiser that a draw takes.
  var evaluations: Int {
    let sampler = model.description.sampler
    return sampler.name == .heun ? 2 * sampler.steps - 1 : sampler.steps
  }

  /// How many tiles a picture takes: those of the mean, and those of one draw.
  func tileCounts(height: Int, width: Int) -> (mean: Int, draw: Int) {
    let (rows, columns) = grid(height, width)
    return (mean.tileCount(height: height, width: width), rows.count * columns.count * evaluations)
  }

  private func grid(_ height: Int, _ width: Int) -> (rows: [Span], columns: [Span]) {
    Span.grid(
      height: height, width: width, tileSide: tileSide, margin: model.network.trunk.receptiveRadius)
  }

  /// What all draws given one picture have in common.
  /// - Parameters:
  ///   - low: RGB `[3, h, w]` over 0…1.
  ///   - afterTile: called on worker threads; throws to stop.
  func space(
    of low: Tensor, workers: Int = 0, afterTile: @escaping @Sendable () throws -> Void = {}
  ) throws -> ResidualSpace {
    let picture = try mean.with(workers: workers)(low) { _, _ in try afterTile() }
    return try ResidualSpace(
      low: low.unsqueezed(0).to(device: device), mean: picture.unsqueezed(0).to(device: device), scale: scale,
      local: model.description.local, root: model.network.root.value)
  }

  /// One draw, `[3, h · scale, w · scale]`, neither clipped nor made to agree with the low-resolution picture.
  func callAsFunction(
    _ space: ResidualSpace, seed: UInt64, index: Int, workers: Int = 0,
    afterTile: @escaping @Sendable () throws -> Void = {}
  ) throws -> Tensor {
    let shape = space.mean.shape
    let (height, width) = (shape[2] / scale, shape[3] / scale)
    let (rows, columns) = grid(height, width)
    let runner = ChunkRunner(workers: workers)
    let (network, fused) = (model.network, fused)
    let family = model.family(height: height, width: width) { x, time, given in
      let result = try Tensor.zeros(x.shape, device: x.device)
      try runner.forEach(rows.count * columns.count) { index in
        let (row, column) = (rows[index / columns.count], columns[index % columns.count])
        func window(_ picture: Tensor) throws -> Tensor {
          try picture.narrow(2, start: row.readStart, length: row.readLength)
            .narrow(3, start: column.readStart, length: column.readLength)
        }
        let told = Conditioning(spatial: try given.spatial.map(window))
        let inputs = try PosteriorNetwork.inputs(window(x), time, told)
        let part =
          try fused?(inputs, rows: row.kept, columns: column.kept)
          ?? network.trunk(inputs).narrow(2, start: row.kept.lowerBound, length: row.length)
          .narrow(3, start: column.kept.lowerBound, length: column.length)
        // Tiles do not overlap where they are written.
        try result.narrow(2, start: row.start, length: row.length)
          .narrow(3, start: column.start, length: column.length).copy_(part)
        try afterTile()
      }
      return result
    }
    let noise = BatchNoise(seed: seed, first: index, count: 1)
    let y = try family.sample(given: space.conditioning, noise: noise)
    return try space.picture(of: y).squeezed(0).to(device: .cpu)
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
      model: model, mean: Upscaler(model: SuperResolutionModel(contentsOf: meanFile, scale: scale), device: device),
      device: device)
  }
}
