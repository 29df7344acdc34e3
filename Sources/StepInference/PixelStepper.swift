/// Pictures that are drawn side by side, pixel after pixel: streams.
public protocol PixelStepper: AnyObject {
  /// Whether no pixel is left.
  var isAtEnd: Bool { get }

  /// Row and column of the next pixel.
  var place: (row: Int, column: Int) { get }

  /// Parameters of the next pixel's distribution, for one stream; valid until `advance`.
  func parameters(_ stream: Int) -> UnsafeBufferPointer<Float>

  /// Goes on to the pixel after the next one.
  /// - Parameter levels: the pixel's level, 0…255, in each stream.
  func advance(_ levels: [Int])

  /// Makes the stream `to` a copy of `from`.
  func copy(from: Int, to: Int)
}

extension CausalPatchStepper: PixelStepper {}
