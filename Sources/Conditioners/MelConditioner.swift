internal import Foundation
public import MediaTensors
public import Torch

/// Tells a model how loud each band of a sound is meant to be: `[features]` for each frame, the mel spectrogram's column
/// with its neighbours to both sides.
public struct MelConditioner: Sendable, Equatable {
  public let sampleRate: Int
  /// Samples of a frame.
  public let hop: Int
  public let bands: Int
  /// Samples that a column looks at.
  public let window: Int

  /// Decibels that are white: a whole sine's.
  private static let loudest = 36.0

  public init(sampleRate: Int, hop: Int, bands: Int, window: Int) {
    (self.sampleRate, self.hop, self.bands, self.window) = (sampleRate, hop, bands, window)
  }

  public var features: Int { 3 * bands }

  /// - Parameter samples: one channel over −1…1.
  /// - Returns: `[bands, F]` over 0…1, F the frames begun, for `Spectrogram.range` decibels.
  public func spectrogram(_ samples: [Float]) throws -> Tensor {
    try Spectrogram(
      sampleRate: sampleRate, window: window, hop: hop, bands: bands,
      loudest: Self.loudest + 20 * log10(Double(window) / 256))(samples)
  }

  /// - Parameter spectrogram: `[bands, F]`.
  /// - Returns: `[F][features]`, the column before, the frame's own, and the one after; over −1…1.
  public func frames(_ spectrogram: Tensor) throws -> [[Float]] {
    let columns = spectrogram.shape[1]
    let values = try spectrogram.permuted([1, 0]).contiguous().floats().map { 2 * $0 - 1 }
    func column(_ frame: Int) -> ArraySlice<Float> {
      let place = min(max(frame, 0), columns - 1)
      return values[place * bands..<(place + 1) * bands]
    }
    return (0..<columns).map { Array(column($0 - 1) + column($0) + column($0 + 1)) }
  }
}
