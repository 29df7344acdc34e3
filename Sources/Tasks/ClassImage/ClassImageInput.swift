internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A picture as a model of class-image takes it.
struct ClassImageInput {
  /// `uint8 [1, C, H, W]`.
  let pixels: Tensor
  /// `[1, C, H, W]`, 1 where a pixel is known; nil when all are.
  let known: Tensor?
  /// Values that are known.
  let knownCount: Int

  /// - Throws: `PipelineError` of kind `.data` for another size or kind of picture, or one without a known pixel.
  init(_ request: InferenceRequest, _ model: ClassImageModel) throws {
    let mask = request.options.values["mask"]?.description ?? ""
    try self.init(request.input, request.name, model, mask: mask)
  }

  /// - Parameter mask: the path of a picture that is white where pixels are missing; empty for none.
  init(_ data: Data, _ name: String, _ model: ClassImageModel, mask: String = "") throws {
    let shape = model.description
    let image = try Image(decoding: data, name: name).oriented()
    let picture = try Self.checked(image, name, shape)
    let colours =
      try image.channels.hasAlpha ? picture.narrow(0, start: 0, length: picture.shape[0] - 1) : picture
    pixels = try Self.converted(colours, name, shape).unsqueezed(0)

    var missing: Tensor?
    if image.channels.hasAlpha {
      missing = try (1 - picture.narrow(0, start: picture.shape[0] - 1, length: 1)).rounded()
    }
    if !mask.isEmpty {
      let name = mask
      let holes = try Self.checked(Image(contentsOf: URL(fileURLWithPath: name)).oriented(), name, shape)
        .narrow(0, start: 0, length: 1).rounded()
      missing = try missing.map { try ($0 + holes).clamped(0, 1) } ?? holes
    }
    guard let missing, try missing.maximum().scalar() > 0 else {
      if !mask.isEmpty {
        throw PipelineError.data(
          "\(mask) is black everywhere: no pixel is missing; white marks missing pixels")
      }
      known = nil
      knownCount = shape.dimensions
      return
    }
    let all = try (1 - missing).expanded([shape.channels, shape.height, shape.width]).contiguous()
    known = try all.unsqueezed(0)
    knownCount = Int(try all.sum().scalar())
    guard knownCount > 0 else {
      throw PipelineError.data("\(name): every pixel is missing; nothing is known about it")
    }
  }

  /// `[c, H, W]` over 0…1.
  private static func checked(_ image: Image, _ name: String, _ shape: ClassImageModel.Description) throws
    -> Tensor
  {
    guard image.width == shape.width, image.height == shape.height else {
      throw PipelineError.data(
        "\(name) is \(image.width)×\(image.height); this model knows pictures of \(shape.width)×\(shape.height)"
      )
    }
    return try image.tensor()
  }

  private static func converted(_ colours: Tensor, _ name: String, _ shape: ClassImageModel.Description)
    throws
    -> Tensor
  {
    var colours = colours
    if colours.shape[0] == 1, shape.channels == 3 { colours = try colours.repeatInterleave(3, axis: 0) }
    if colours.shape[0] == 3, shape.channels == 1 {
      let spread = try (colours - colours.mean([0], keepAxes: true)).abs().maximum().scalar()
      guard spread < 0.02 else {
        throw PipelineError.data("\(name) is in colour; this model knows grey pictures")
      }
      colours = try colours.mean([0], keepAxes: true)
    }
    return try (colours * 255).rounded().to(.uint8)
  }
}
