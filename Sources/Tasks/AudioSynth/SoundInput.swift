internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A recording as a model takes it.
struct SoundInput {
  let levels: [UInt8]

  /// Longest recording of one word, in seconds.
  static let longest = 5.0

  /// Channels are mixed down, and other sample rates brought to the model's.
  /// - Parameter notice: told what was changed.
  /// - Throws: `MediaError` for a broken file, `PipelineError` of kind `.data` for one that is too long.
  init(_ data: Data, _ name: String, _ model: AudioSynthModel, notice: (String) -> Void) throws {
    let clip = try AudioClip(decoding: data, name: name)
    let rate = model.description.sampleRate
    guard clip.duration <= Self.longest else {
      throw PipelineError.data(
        "\(name) is \(String(format: "%.1f", clip.duration)) s long; a recording of one word, at most "
          + "\(Int(Self.longest)) s, would be right")
    }
    var samples = (0..<clip.frameCount).map { frame in
      (0..<clip.channels).reduce(Float(0)) { $0 + clip.samples[frame * clip.channels + $1] }
        / Float(clip.channels)
    }
    if clip.channels > 1 { notice("\(name): \(clip.channels) channels are mixed down to one") }
    if clip.sampleRate != rate {
      notice("\(name): resampled from \(clip.sampleRate) Hz to the model's \(rate) Hz")
      samples = SincResampling.resampled(samples, from: clip.sampleRate, to: rate)
    }
    levels = samples.map { UInt8(MuLaw.level($0)) }
  }
}
