public import MediaIO
public import Torch

extension Image {
  /// The samples as `float32 [C, H, W]` over 0…1.
  /// - Throws: `TensorError` when libtorch cannot be loaded.
  public func tensor() throws -> Tensor {
    let shape = [height, width, channels.count]
    let planes =
      switch samples {
      case .uint8(let values): try Tensor(values, shape: shape).to(.float32) / 255
      case .uint16(let values): try Tensor(values.map { Int32($0) }, shape: shape).to(.float32) / 65535
      }
    return try planes.permuted([2, 0, 1]).contiguous()
  }

  /// Rounds `[C, H, W]` over 0…1 to samples; values outside are clipped.
  /// - Parameters:
  ///   - bitDepth: 8 or 16.
  ///   - metadata: what the file will say beside the samples.
  /// - Throws: `TensorError` when the shape is not that of a picture, or a value is NaN.
  public init(_ tensor: Tensor, bitDepth: Int, metadata: ImageMetadata = ImageMetadata()) throws {
    let shape = tensor.shape
    guard shape.count == 3, let channels = Channels(rawValue: shape[0]), shape[1] > 0, shape[2] > 0 else {
      throw TensorError("a picture has the shape [1…4, height, width], not \(shape)")
    }
    let peak = bitDepth == 16 ? 65535.0 : 255.0
    // Some rows at a time: the steps between would take several times the picture's own memory.
    let step = max(1, (1 << 20) / (shape[0] * shape[2]))
    var samples: Samples = bitDepth == 16 ? .uint16([]) : .uint8([])
    for start in stride(from: 0, to: shape[1], by: step) {
      let rows = try tensor.narrow(1, start: start, length: min(step, shape[1] - start))
      let clipped = try rows.to(.float32).clamped(0, 1)
      guard try clipped.isFinite() else { throw TensorError("a picture of shape \(shape) has NaN samples") }
      let rounded = try (clipped * peak).rounded().permuted([1, 2, 0])
      samples.append(
        bitDepth == 16
          ? .uint16(try rounded.to(.int32).elements(Int32.self).map { UInt16($0) })
          : .uint8(try rounded.to(.uint8).elements(UInt8.self)))
    }
    self.init(width: shape[2], height: shape[1], channels: channels, samples: samples, metadata: metadata)
  }
}
