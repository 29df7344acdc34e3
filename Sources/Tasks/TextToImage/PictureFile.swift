internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Pictures as files have them, of any size that is a multiple of the model's.
enum PictureFile {
  /// What enlarges pictures to a size; nil where it is the model's own, or nothing better than interpolation is given.
  static func enlarger(_ finder: PictureEnlarger.Finder?, side: Int, size: Int) throws -> PictureEnlarger? {
    guard size > side else { return nil }
    // What is beyond these, interpolation does.
    return try finder?(min(16, max(1.1, Double(size) / Double(side))))
  }

  /// As a provenance's condition has them.
  static func weights(of enlarger: PictureEnlarger?) -> [String: String] {
    enlarger.map { ["enlarger SHA-256": $0.weightsSHA256] } ?? [:]
  }

  /// - Parameter x: `[C, H, W]`, as a model draws it.
  static func image(_ x: Tensor, size: Int, _ enlarger: PictureEnlarger?, _ context: StageContext) throws
    -> Image
  {
    var levels = try Self.straight(PictureLevels.levels(x))
    if size != x.shape[1], let enlarger {
      // One of many: it neither shows progress nor takes the others' threads.
      let quiet = StageContext(checkCancelled: context.checkCancelled)
      levels = try enlarger(Image(levels, bitDepth: 8), context: quiet).tensor()
    }
    guard size != levels.shape[1] else { return try Image(levels, bitDepth: 8) }
    let larger = try levels.unsqueezed(0).resampledBicubic(height: size, width: size).select(0, 0)
    return try Image(larger.clamped(0, 1), bitDepth: 8)
  }

  /// Colours times alpha, and alpha, `[4, H, W]`: what is transparent has no colour of its own.
  static func premultiplied(_ x: Tensor, hasAlpha: Bool) throws -> Tensor {
    let count = x.shape[0] - (hasAlpha ? 1 : 0)
    let alpha =
      hasAlpha ? try x.narrow(0, start: count, length: 1) : try .full([1, x.shape[1], x.shape[2]], 1)
    let colours = try x.narrow(0, start: 0, length: count) * alpha
    return try .cat([count == 1 ? colours.repeatInterleave(3, axis: 0) : colours, alpha], axis: 0)
  }

  /// The inverse of `premultiplied`, as files have it; without alpha as it is.
  private static func straight(_ x: Tensor) throws -> Tensor {
    guard x.shape[0] == 4 else { return x }
    let alpha = try x.narrow(0, start: 3, length: 1)
    // What hardly covers anything keeps its colour in range.
    let colours = try x.narrow(0, start: 0, length: 3) / alpha.clamped(1.0 / 255, 1)
    return try .cat([colours.clamped(0, 1), alpha], axis: 0)
  }

  /// `[channels, side, side]` over 0…1 of a picture file, and what is known of it: `[1, side, side]`, 0 where it is white in
  /// the mask, or transparent and the model has no alpha; nil where all is known.
  /// - Parameter channels: 3, or 4 for a model that has alpha itself.
  /// - Throws: `PipelineError` of kind `.data` for another shape; `MediaError` for what is no picture.
  static func pixels(_ data: Data, _ name: String, side: Int, channels: Int, mask: String = "") throws -> (
    x: Tensor, known: Tensor?
  ) {
    let image = try Image(decoding: data, name: name).oriented()
    let all = try reduced(image, name, side)
    let hasAlpha = image.channels.hasAlpha
    var missing: Tensor?
    let colours: Tensor
    if channels == 4 {
      colours = try premultiplied(all, hasAlpha: hasAlpha)
    } else {
      let count = all.shape[0] - (hasAlpha ? 1 : 0)
      if hasAlpha { missing = try (1 - all.narrow(0, start: count, length: 1)).rounded() }
      let own = try all.narrow(0, start: 0, length: count)
      colours = count == 1 ? try own.repeatInterleave(3, axis: 0) : own
    }
    if !mask.isEmpty {
      let holes = try reduced(Image(contentsOf: URL(fileURLWithPath: mask)).oriented(), mask, side)
        .narrow(0, start: 0, length: 1).rounded()
      missing = try missing.map { try ($0 + holes).clamped(0, 1) } ?? holes
      guard try holes.maximum().scalar() > 0 else {
        throw PipelineError.data(
          "\(mask) is black everywhere: no pixel is missing; white marks missing pixels")
      }
    }
    guard let missing, try missing.maximum().scalar() > 0 else { return (colours, nil) }
    guard try missing.minimum().scalar() < 1 else {
      throw PipelineError.data("\(name): every pixel is missing; nothing is known about it")
    }
    return (colours, try 1 - missing)
  }

  /// `[C, side, side]` over 0…1.
  private static func reduced(_ image: Image, _ name: String, _ side: Int) throws -> Tensor {
    guard image.width == image.height, image.width % side == 0, image.width <= 32 * side else {
      throw PipelineError.data(
        "\(name) is \(image.width)×\(image.height); \(side)×\(side), or a square of as many times as much up to "
          + "\(32 * side), would be right")
    }
    let x = try image.tensor()
    guard image.width > side else { return x }
    return try x.unsqueezed(0).resampledBicubic(height: side, width: side).select(0, 0).clamped(0, 1)
  }
}
