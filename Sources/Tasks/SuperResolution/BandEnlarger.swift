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
  /// Some rows of the result, and the rows of the picture that are read for them.
  struct Band: Equatable, Sendable {
    let rows: Range<Int>
    let read: Range<Int>
    /// Of the whole picture.
    let height: Int
  }

  let plan: ScalePlan
  let averagesSymmetries: Bool
  let compares: Bool
  private let passes: [Upscaler]
  private let fillRadius: Int
  private let bandPixels: Int

  /// - Parameters:
  ///   - passes: one for each factor of the plan.
  ///   - bandPixels: input pixels of a band at ×2, margins not counted; fewer at larger scales.
  init(
    passes: [Upscaler], plan: ScalePlan, averagesSymmetries: Bool, compares: Bool,
    bandPixels: Int = 3_000_000
  ) {
    self.bandPixels = bandPixels
    self.plan = plan
    self.averagesSymmetries = averagesSymmetries
    self.compares = compares
    self.passes = passes
    fillRadius = passes.map(\.model.network.receptiveRadius).max() ?? 0
  }

  /// Rows above and below that a row of the passes' result depends on.
  private func margin(hasAlpha: Bool) -> Int {
    var margin = hasAlpha ? fillRadius : 0
    var scale = 1
    for pass in passes {
      margin += (pass.model.network.receptiveRadius + scale - 1) / scale
      scale *= pass.model.network.scale
    }
    return margin
  }

  /// The bands of a picture, from the top, of about equal height.
  func bands(height: Int, width: Int, hasAlpha: Bool) -> [Band] {
    // What takes memory are the pixels that come out of the passes.
    let most = max(1, bandPixels * 4 / (plan.product * plan.product))
    let side = max(8, most / width)
    let margin = margin(hasAlpha: hasAlpha)
    if plan.isExact {
      return Span.cover(height, side: side, margin: compares ? margin + 2 : margin).map { span in
        Band(
          rows: span.start * plan.product..<(span.start + span.length) * plan.product,
          read: span.readStart..<span.readStart + span.readLength, height: height)
      }
    }
    // The reduction to the size asked for does not fall on rows of the input.
    let outputs = plan.length(height)
    let outputSide = max(1, Int(Double(side) * plan.scale))
    return Span.cover(outputs, side: outputSide, margin: 0).map { span in
      let rows = span.start..<span.start + span.length
      let needed = reduction(height, rows).inputRange
      let low = max(0, needed.lowerBound / plan.product - margin - 2)
      let high = min(height, (needed.upperBound - 1) / plan.product + 1 + margin + 2)
      return Band(rows: rows, read: low..<high, height: height)
    }
  }

  /// From the rows that the passes give to `rows` of the result.
  private func reduction(_ height: Int, _ rows: Range<Int>) -> BicubicResampling {
    BicubicResampling(inputs: height * plan.product, outputs: plan.length(height), part: rows)
  }

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
        let tiles = pass.tileCount(height: band.read.count * scale, width: width * scale)
        scale *= pass.model.network.scale
        return sum + tiles * planes * symmetries
      }
    }
  }

  /// The enlarged rows of one band.
  /// - Parameters:
  ///   - rows: the rows that `band` reads.
  ///   - afterTile: called on worker threads; throws to stop.
  func callAsFunction(_ rows: Image, _ band: Band, afterTile: @escaping @Sendable () throws -> Void) throws
    -> Image.Samples
  {
    let picture = try rows.tensor()
    let colourCount = rows.channels.isColour ? 3 : 1
    var colour = try picture.narrow(0, start: 0, length: colourCount)
    var parts: [Tensor] = []
    if rows.channels.hasAlpha {
      let alpha = try picture.narrow(0, start: colourCount, length: 1)
      colour = try TransparentColour.filled(colour, alpha: alpha, radius: fillRadius)
      parts = [try enlarge(alpha, band, afterTile)]
    }
    parts.insert(try enlarge(colour, band, afterTile), at: 0)
    var result = parts.count == 1 ? parts[0] : try Tensor.cat(parts, axis: 0)
    if compares {
      let vertical = BicubicResampling(
        inputs: band.height, outputs: plan.length(band.height), part: band.rows)
      let bicubic = try resampled(picture, vertical, from: band.read.lowerBound, width: rows.width)
      result = try Tensor.cat([bicubic, result], axis: 2)
    }
    return try Image(result, bitDepth: rows.bitDepth).samples
  }

  /// `[1 or 3, rows, W]` over 0…1 to the band's rows at the plan's scale.
  private func enlarge(_ plane: Tensor, _ band: Band, _ afterTile: @escaping @Sendable () throws -> Void)
    throws
    -> Tensor
  {
    let isGrey = plane.shape[0] == 1
    let width = plane.shape[2]
    var result = isGrey ? try plane.repeatInterleave(3, axis: 0) : try plane.contiguous()
    for upscaler in passes { result = try pass(result, upscaler, afterTile) }
    if isGrey { result = try result.mean([0], keepAxes: true) }
    let start = band.read.lowerBound * plan.product
    guard plan.isExact else {
      return try resampled(result, reduction(band.height, band.rows), from: start, width: width)
        .clamped(0, 1)
    }
    return try result.narrow(1, start: band.rows.lowerBound - start, length: band.rows.count)
  }

  private func resampled(_ picture: Tensor, _ vertical: BicubicResampling, from first: Int, width: Int) throws
    -> Tensor
  {
    let horizontal = BicubicResampling(inputs: picture.shape[2], outputs: plan.length(width))
    return try horizontal(vertical(picture, axis: 1, from: first), axis: 2)
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
