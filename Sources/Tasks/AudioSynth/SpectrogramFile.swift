internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Pictures of the power of sounds by time and frequency: one, or one of each sound in a folder.
struct SpectrogramFile: Sendable {
  private let url: URL
  private let sampleRate: Int
  /// Whether each sound has its own.
  let isFolder: Bool

  /// Longest sound that is shown, in seconds.
  static let longest = 600

  /// - Throws: `PipelineError` of kind `.usage` for what is neither a folder nor the name of a PNG file.
  /// - Returns: nil for no name.
  init?(_ path: String, sampleRate: Int) throws {
    guard !path.isEmpty else { return nil }
    var isThere: ObjCBool = false
    isFolder =
      path.hasSuffix("/")
      || FileManager.default.fileExists(atPath: path, isDirectory: &isThere) && isThere.boolValue
    guard isFolder || (path as NSString).pathExtension.lowercased() == "png" else {
      throw PipelineError.usage(
        "--spectrogram is '\(path)'; a .png file, or a folder, ending in /, would be right")
    }
    url = URL(fileURLWithPath: path)
    self.sampleRate = sampleRate
  }

  /// The picture of draw `index`.
  func picture(of index: Int) -> SpectrogramFile {
    isFolder
      ? SpectrogramFile(
        url: url.appendingPathComponent("audio-synth-\(String(format: "%04d", index)).png"),
        sampleRate: sampleRate)
      : self
  }

  private init(url: URL, sampleRate: Int) { (self.url, self.sampleRate, isFolder) = (url, sampleRate, false) }

  /// - Throws: `PipelineError` of kind `.usage` for a sound that is too long for a picture.
  func check(_ frames: Int) throws {
    guard frames <= Self.longest * sampleRate else {
      throw PipelineError.usage(
        "--spectrogram: the sound is \(frames / sampleRate) s long; at most \(Self.longest) s are shown")
    }
  }

  /// Finds out whether it can be written.
  /// - Parameter makesFolder: makes the folder that it lies in, where it is not there.
  func prepare(makesFolder: Bool) throws {
    if makesFolder { try OutputFolder.make(url.deletingLastPathComponent()) }
    var status = stat()
    // Whoever reads a pipe would see it end.
    guard stat(url.path, &status) != 0 || status.st_mode & S_IFMT != S_IFIFO else { return }
    try AtomicFile(url).abort()
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
