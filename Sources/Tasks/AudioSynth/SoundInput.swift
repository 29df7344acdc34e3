internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A recording as a model takes it.
struct SoundInput {
  /// As it came.
  let clip: AudioClip
  /// Bits that hold its samples; nil for floating point.
  let bitDepth: Int?
  /// One channel over −1…1, at the model's rate.
  let samples: [Float]
  /// 0…255, by `MuLaw`.
  var levels: [UInt8] { samples.map { UInt8(MuLaw.level($0)) } }

  /// Longest recording of one word, in seconds.
  static let longestWord = 5.0

  /// Samples a second that sound has; at others, a file's header is wrong.
  private static let sampleRates = 1000...768_000

  /// - Throws: `PipelineError` of kind `.data` for a sample rate that no recording has.
  static func check(sampleRate: Int, _ name: String) throws {
    guard sampleRates.contains(sampleRate) else {
      throw PipelineError.data(
        "\(name) has a sample rate of \(sampleRate) Hz; \(sampleRates.lowerBound) to "
          + "\(sampleRates.upperBound) Hz would be right")
    }
  }

  /// Channels are mixed down, and other sample rates brought to the model's.
  /// - Parameter notice: told what was changed.
  /// - Throws: `MediaError` for a broken file, `PipelineError` of kind `.data` for one that is too long or of a strange
  ///   sample rate.
  init(
    _ data: Data, _ name: String, sampleRate rate: Int, longest: Double = longestWord,
    notice: (String) -> Void
  ) throws {
    let reader = try AudioReader(decoding: data, name: name)
    try Self.check(sampleRate: reader.sampleRate, name)
    guard reader.duration <= longest else {
      let wanted = longest == Self.longestWord ? "a recording of one word" : "a recording"
      throw PipelineError.data(
        "\(name) is \(String(format: "%.1f", reader.duration)) s long; \(wanted), at most "
          + "\(Int(longest)) s, would be right")
    }
    bitDepth = reader.bitDepth
    clip = try reader.clip()
    var samples = clip.mono
    if clip.channels > 1 { notice("\(name): \(clip.channels) channels are mixed down to one") }
    if clip.sampleRate != rate {
      notice("\(name): resampled from \(clip.sampleRate) Hz to the model's \(rate) Hz")
      samples = SincResampling.resampled(samples, from: clip.sampleRate, to: rate)
    }
    self.samples = samples
  }
}
