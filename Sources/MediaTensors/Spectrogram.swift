internal import Foundation
public import Torch

/// Power of sound by frequency and time, in decibels below its loudest place or a fixed power, as a picture.
public struct Spectrogram: Sendable {
  /// Samples of a frame, and between frames.
  public let window: Int
  public let hop: Int
  /// Bands on the mel scale (O'Shaughnessy 1987: 2595 log₁₀(1 + f / 700)); nil for every frequency of the window.
  public let bands: Int?
  public let sampleRate: Int
  /// Decibels of power that are white; nil for those of the loudest place.
  public let loudest: Double?
  /// Decibels below the loudest place that are black.
  public static let range = 80.0

  public init(sampleRate: Int, window: Int, hop: Int, bands: Int? = nil, loudest: Double? = nil) {
    (self.sampleRate, self.window, self.hop, self.bands) = (sampleRate, window, hop, bands)
    self.loudest = loudest
  }

  /// - Parameter samples: one channel, at least one sample.
  /// - Returns: `[rows, frames]` over 0 (`range` below) … 1 (loudest), the lowest frequency first.
  public func callAsFunction(_ samples: [Float]) throws -> Tensor {
    let frames = max(1, (samples.count + hop - 1) / hop)
    var values = [Float](repeating: 0, count: frames * window)
    for frame in 0..<frames {
      // Frames are centred on their time.
      let start = frame * hop - window / 2 + hop / 2
      for index in max(0, -start)..<max(max(0, -start), min(window, samples.count - start)) {
        let hann = 0.5 - 0.5 * cos(2 * Double.pi * (Double(index) + 0.5) / Double(window))
        values[frame * window + index] = samples[start + index] * Float(hann)
      }
    }
    return try Autograd.disabled {
      let x = try Tensor(values, shape: [frames, window])
      let power =
        try x.matmul(Self.waves(window, cos)).squared() + x.matmul(Self.waves(window, sin)).squared()
      let rows = try bands.map { try power.matmul(filters($0)) } ?? power
      let decibels = try (rows + 1e-10).log() * (10 / log(10))
      let loudest = try self.loudest ?? decibels.maximum().scalar()
      return try ((decibels - loudest) / Self.range + 1).clamped(0, 1).permuted([1, 0]).contiguous()
    }
  }

  /// `[window, window / 2 + 1]`.
  private static func waves(_ window: Int, _ wave: (Double) -> Double) throws -> Tensor {
    let count = window / 2 + 1
    let values = (0..<window * count).map { place in
      Float(wave(2 * Double.pi * Double(place / count * (place % count) % window) / Double(window)))
    }
    return try Tensor(values, shape: [window, count])
  }

  /// Triangles on the mel scale, `[window / 2 + 1, bands]`.
  private func filters(_ bands: Int) throws -> Tensor {
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let count = window / 2 + 1
    let width = mel(Double(sampleRate) / 2) / Double(bands + 1)
    let values = (0..<count * bands).map { place -> Float in
      let frequency = Double(place / bands) * Double(sampleRate) / Double(window)
      return Float(max(0, 1 - abs(mel(frequency) / width - Double(place % bands + 1))))
    }
    return try Tensor(values, shape: [count, bands])
  }
}
