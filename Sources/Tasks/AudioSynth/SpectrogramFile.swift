internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A picture of the power of a sound by time and frequency.
struct SpectrogramFile: Sendable {
  private let url: URL
  private let sampleRate: Int

  /// Longest sound that is shown, in seconds.
  static let longest = 600

  /// - Throws: `PipelineError` of kind `.usage` for what is no name of a PNG file.
  /// - Returns: nil for no name.
  init?(_ path: String, sampleRate: Int) throws {
    guard !path.isEmpty else { return nil }
    guard (path as NSString).pathExtension.lowercased() == "png" else {
      throw PipelineError.usage("--spectrogram is '\(path)', but spectrograms are .png files")
    }
    url = URL(fileURLWithPath: path)
    self.sampleRate = sampleRate
  }

  /// - Throws: `PipelineError` of kind `.usage` for a sound that is too long for a picture.
  func check(_ frames: Int) throws {
    guard frames <= Self.longest * sampleRate else {
      throw PipelineError.usage(
        "--spectrogram: the sound is \(frames / sampleRate) s long; at most \(Self.longest) s are shown")
    }
  }

  func write(_ samples: [Float]) throws {
    let data = try ChunkRunner.single {
      // 32 ms to tell the harmonics of a voice apart, a column each 8 ms.
      let window = sampleRate * 32 / 1000
      let rows = try Spectrogram(sampleRate: sampleRate, window: window, hop: window / 4)(samples)
      return try Image(rows.flipped([0]).unsqueezed(0), bitDepth: 8).pngData()
    }
    try AtomicFile.write(data, to: url)
  }
}
