internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch
internal import TorchNN

/// Enlarges bands of a picture: as many rows at a time as fit into little memory, with the margin that they depend on.
///
/// The bands are a function of the picture's size, so whoever works band by band gives the same samples, whether the
/// picture is in memory or comes from a file row by row.
struct BandEnlarger: Sendable {
  /// Input pixels of a band, margins not counted.
  static let bandPixels = 2_000_000

  let plan: ScalePlan
  let averagesSymmetries: Bool
  let compares: Bool
  private let passes: [Upscaler]
  private let fillRadius: Int

  /// - Parameter models: by scale; those that the plan takes.
  init(
    models: [Int: SuperResolutionModel], plan: ScalePlan, averagesSymmetries: Bool, compares: Bool,
    workers: Int,
    device: Device
  ) throws {
    self.plan = plan
    self.averagesSymmetries = averagesSymmetries
    self.compares = compares
    let upscalers = try models.mapValues { try Upscaler(model: $0, workers: workers, device: device) }
    passes = plan.factors.compactMap { upscalers[$0] }
    fillRadius = models.values.map(\.network.receptiveRadius).max() ?? 0
  }

  /// Rows above and below that a row of the result depends on.
  private func margin(hasAlpha: Bool) -> Int {
    // Bicubic enlargement, for comparing, looks two pixels far.
    var margin = 2 + (hasAlpha ? fillRadius : 0)
    var scale = 1
    for pass in passes {
      margin += (pass.model.network.receptiveRadius + scale - 1) / scale
      scale *= pass.model.network.scale
    }
    return margin
  }

  /// The bands of a picture, from the top. One alone where the scale is not that of the models: the reduction to the
  /// size asked for does not fall on rows.
  func bands(height: Int, width: Int, hasAlpha: Bool) -> [Span] {
    guard plan.isExact else { return Span.cover(height, side: height, margin: 0) }
    return Span.cover(height, side: max(32, Self.bandPixels / width), margin: margin(hasAlpha: hasAlpha))
  }

  /// Whether every band of such a picture is small.
  var hasBoundedMemory: Bool { plan.isExact }

  /// Sides of the result.
  func size(height: Int, width: Int) -> (height: Int, width: Int) {
    (plan.length(height), plan.length(width) * (compares ? 2 : 1))
  }

  func tileCount(height: Int, width: Int, channels: Image.Channels) -> Int {
    let planes = channels.hasAlpha ? 2 : 1
    let symmetries = averagesSymmetries ? SquareSymmetry.all.count : 1
    return bands(height: height, width: width, hasAlpha: channels.hasAlpha).reduce(0) { sum, band in
      var scale = 1
      return passes.reduce(sum) { sum, pass in
        let tiles = pass.tileCount(height: band.readLength * scale, width: width * scale)
        scale *= pass.model.network.scale
        return sum + tiles * planes * symmetries
      }
    }
  }

  /// The enlarged rows of one band.
  /// - Parameters:
  ///   - rows: the rows that `span` reads.
  ///   - afterTile: called on worker threads; throws to stop.
  func callAsFunction(_ rows: Image, _ span: Span, afterTile: @escaping @Sendable () throws -> Void) throws
    -> Image.Samples
  {
    let picture = try rows.tensor()
    let colourCount = rows.channels.isColour ? 3 : 1
    var colour = try picture.narrow(0, start: 0, length: colourCount)
    var parts: [Tensor] = []
    if rows.channels.hasAlpha {
      let alpha = try picture.narrow(0, start: colourCount, length: 1)
      colour = try TransparentColour.filled(colour, alpha: alpha, radius: fillRadius)
      parts = [try enlarge(alpha, span, afterTile)]
    }
    parts.insert(try enlarge(colour, span, afterTile), at: 0)
    var result = parts.count == 1 ? parts[0] : try Tensor.cat(parts, axis: 0)
    if compares {
      let bicubic = try picture.resampledBicubic(
        height: plan.length(rows.height), width: plan.length(rows.width))
      result = try Tensor.cat([kept(bicubic, span), result], axis: 2)
    }
    return try Image(result, bitDepth: rows.bitDepth).samples
  }

  /// `[1 or 3, rows, W]` over 0…1 to the band's rows at the plan's scale.
  private func enlarge(_ plane: Tensor, _ span: Span, _ afterTile: @escaping @Sendable () throws -> Void)
    throws
    -> Tensor
  {
    let isGrey = plane.shape[0] == 1
    var result = isGrey ? try plane.repeatInterleave(3, axis: 0) : try plane.contiguous()
    for upscaler in passes { result = try pass(result, upscaler, afterTile) }
    if isGrey { result = try result.mean([0], keepAxes: true) }
    guard !plan.isExact else { return try kept(result, span) }
    let height = plan.length(plane.shape[1])
    let width = plan.length(plane.shape[2])
    return try result.resampledBicubic(height: height, width: width).clamped(0, 1)
  }

  private func kept(_ enlarged: Tensor, _ span: Span) throws -> Tensor {
    guard span.length != span.readLength else { return enlarged }
    let start = (span.start - span.readStart) * plan.product
    return try enlarged.narrow(1, start: start, length: span.length * plan.product)
  }

  private func pass(
    _ picture: Tensor, _ upscaler: Upscaler, _ afterTile: @escaping @Sendable () throws -> Void
  )
    throws -> Tensor
  {
    guard averagesSymmetries else { return try upscaler(picture) { _, _ in try afterTile() } }
    var sum: Tensor?
    for symmetry in SquareSymmetry.all {
      let turned = try upscaler(symmetry(picture).contiguous()) { _, _ in try afterTile() }
      let back = try symmetry.inverse(turned)
      sum = try sum.map { try $0 + back } ?? back
    }
    return try sum! / Double(SquareSymmetry.all.count)
  }
}
