internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Recordings of any sound, one file each, as a model of one sample rate takes them.
struct Recordings: Sendable {
  enum Part: Sendable { case train, watch, test }

  /// Of each, 0…255 by `MuLaw`.
  let levels: [[UInt8]]

  /// Reads all WAV files of folders and the folders in them; other rates are resampled, channels are mixed down.
  ///
  /// Of files named `<word>_<voice>_<take>.wav`, takes 0 to 4 are for testing, 5 and 6 for watching; of each folder's
  /// other files, by name, the last tenth is for testing, and the twentieth before it for watching.
  /// - Throws: `PipelineError` of kind `.data` for folders without recordings, `MediaError` for broken files.
  init(folders: [URL], part: Part, sampleRate: Int, workers: Int) throws {
    let files = folders.flatMap { folder in
      Dictionary(grouping: Self.files(in: folder), by: { $0.deletingLastPathComponent().path })
        .sorted { $0.key < $1.key }.flatMap { Self.chosen($0.value, part) }
    }
    guard !files.isEmpty else {
      throw PipelineError.data(
        "\(folders.map(\.relativePath).joined(separator: ", ")) holds no recordings to \(part); .wav files would be right"
      )
    }
    levels = try ChunkRunner(workers: workers).map(files.count) { index in
      try Interrupt.check()
      let clip = try AudioClip(contentsOf: files[index])
      try SoundInput.check(sampleRate: clip.sampleRate, files[index].relativePath)
      let samples = SincResampling.resampled(clip.mono, from: clip.sampleRate, to: sampleRate)
      return samples.map { UInt8(MuLaw.level($0)) }
    }.filter { !$0.isEmpty }
  }

  private static func files(in folder: URL) -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (found?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension.lowercased() == "wav" }
      .sorted { $0.path < $1.path }
  }

  private static func chosen(_ files: [URL], _ part: Part) -> [URL] {
    func take(_ file: URL) -> Int? {
      let parts = file.deletingPathExtension().lastPathComponent.split(separator: "_")
      return parts.count == 3 ? Int(parts[2]) : nil
    }
    let others = files.filter { take($0) == nil }
    let place = Dictionary(uniqueKeysWithValues: others.enumerated().map { ($0.element, $0.offset) })
    return files.filter { file in
      let own: Part
      if let take = take(file) {
        own = take < 5 ? .test : take < 7 ? .watch : .train
      } else {
        let share = Double(place[file] ?? 0) / Double(others.count)
        own = share >= 0.9 ? .test : share >= 0.85 ? .watch : .train
      }
      return own == part
    }
  }
}

extension AudioClip {
  /// All channels as one, their mean.
  var mono: [Float] {
    channels == 1
      ? samples
      : (0..<frameCount).map { frame in
        (0..<channels).reduce(Float(0)) { $0 + samples[frame * channels + $1] } / Float(channels)
      }
  }
}
