internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A recording as a model takes it.
struct SoundInput {
  /// One channel over −1…1.
  let samples: [Float]
  /// 0…255, by `MuLaw`.
  var levels: [UInt8] { samples.map { UInt8(MuLaw.level($0)) } }

  /// Longest recording of one word, in seconds.
  static let longestWord = 5.0

  /// Channels are mixed down, and other sample rates brought to the model's.
  /// - Parameter notice: told what was changed.
  /// - Throws: `MediaError` for a broken file, `PipelineError` of kind `.data` for one that is too long.
  init(
    _ data: Data, _ name: String, sampleRate rate: Int, longest: Double = longestWord,
    notice: (String) -> Void
  ) throws {
    let clip = try AudioClip(decoding: data, name: name)
    guard clip.duration <= longest else {
      let wanted = longest == Self.longestWord ? "a recording of one word" : "a recording"
      throw PipelineError.data(
        "\(name) is \(String(format: "%.1f", clip.duration)) s long; \(wanted), at most "
          + "\(Int(longest)) s, would be right")
    }
    var samples = clip.mono
    if clip.channels > 1 { notice("\(name): \(clip.channels) channels are mixed down to one") }
    if clip.sampleRate != rate {
      notice("\(name): resampled from \(clip.sampleRate) Hz to the model's \(rate) Hz")
      samples = SincResampling.resampled(samples, from: clip.sampleRate, to: rate)
    }
    self.samples = samples
  }
}
