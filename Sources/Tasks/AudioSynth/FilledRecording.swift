internal import Foundation
internal import MediaIO
internal import MediaTensors

/// A recording with other sound in its gap, at its own rate: no sample outside the gap changes.
struct FilledRecording {
  let clip: AudioClip
  /// Frames that are missing.
  let gap: Range<Int>
  /// Samples a second of what fills it.
  private let rate: Int

  /// How long what is known and what was drawn run into each other at either end of the gap, in seconds.
  private static let seam = 0.002

  /// - Parameters:
  ///   - from, to: seconds; `from` is before the end.
  ///   - rate: samples a second of what will fill the gap.
  init(_ clip: AudioClip, from: Double, to: Double, rate: Int) {
    (self.clip, self.rate) = (clip, rate)
    let own = Double(clip.sampleRate)
    let first = min(Int(from * own), clip.frameCount - 1)
    gap = first..<max(first + 1, min(clip.frameCount, Int(to * own)))
  }

  /// The recording, all channels of its gap alike.
  /// - Parameter drawn: the whole recording in one channel at `rate`, the gap filled.
  func samples(_ drawn: [Float]) -> [Float] {
    let filling = resampled(drawn)
    let (channels, frames) = (clip.channels, clip.frameCount)
    let seam = min(Int(Self.seam * Double(clip.sampleRate)), gap.count / 4)
    /// How much of frame `gap.lowerBound + place` is drawn, `place` frames from the end where what is known ends.
    func share(_ place: Int) -> Float { place < seam ? Float(place + 1) / Float(seam + 1) : 1 }
    var samples = clip.samples
    for (place, value) in filling.enumerated() {
      // What is known goes on mirrored, so that neither end of the gap clicks, and nothing of the gap itself is heard.
      let (before, after) = (gap.lowerBound - 1 - place, 2 * gap.upperBound - 1 - gap.lowerBound - place)
      let left = before >= 0 ? share(place) : 1
      let right = after < frames ? share(gap.count - 1 - place) : 1
      for channel in 0..<channels {
        var mixed = value
        if left < 1 { mixed = left * mixed + (1 - left) * clip.samples[before * channels + channel] }
        if right < 1 { mixed = right * mixed + (1 - right) * clip.samples[after * channels + channel] }
        samples[(gap.lowerBound + place) * channels + channel] = mixed
      }
    }
    return samples
  }

  /// The gap's samples at the recording's rate, of what is around the gap.
  private func resampled(_ drawn: [Float]) -> [Float] {
    let own = clip.sampleRate
    guard own != rate else { return gap.map { drawn[min($0, drawn.count - 1)] } }
    // The filter's reach to either side, and more.
    let margin = 32 + 32 * rate / own
    // Where a sample at one rate is a sample at the other.
    let step = rate / Self.commonDivisor(rate, own)
    let start = max(0, gap.lowerBound * rate / own - margin) / step * step
    let end = min(drawn.count, gap.upperBound * rate / own + margin)
    let some = SincResampling.resampled(Array(drawn[min(start, end - 1)..<end]), from: rate, to: own)
    let first = start / step * (own / (rate / step))
    return gap.map { some[min(max(0, $0 - first), some.count - 1)] }
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }
}
