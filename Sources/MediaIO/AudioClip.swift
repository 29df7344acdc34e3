/// Sound as plain values: samples interleaved, `[frames, channels]`, full scale −1…1.
public struct AudioClip: Sendable, Equatable {
  /// Frames per second.
  public let sampleRate: Int
  public let channels: Int
  public var samples: [Float]
  /// The comment string of the file (WAV ICMT, FLAC and Ogg COMMENT).
  public var comment: String?

  /// - Precondition: `samples` holds whole frames; rate and channels are positive.
  public init(sampleRate: Int, channels: Int, samples: [Float], comment: String? = nil) {
    precondition(
      sampleRate > 0 && channels > 0 && samples.count % channels == 0,
      "whole frames of \(channels) channels expected, \(samples.count) samples given")
    self.sampleRate = sampleRate
    self.channels = channels
    self.samples = samples
    self.comment = comment
  }

  public var frameCount: Int { samples.count / channels }

  /// Seconds.
  public var duration: Double { Double(frameCount) / Double(sampleRate) }

  /// Samples that are read or written at most.
  static let longest = 1 << 31

  /// - Parameter first: the number of the first of these samples.
  /// - Throws: ``MediaError`` if a sample is NaN or infinite.
  static func requireFinite(_ samples: [Float], file: String?, from first: Int = 0) throws {
    // A NaN or an infinity survives any sum of products with zero, so one pass without branches finds it.
    var sum: Float = 0
    for sample in samples { sum += sample * 0 }
    guard sum != 0 || sum.isNaN else { return }
    let index = samples.firstIndex { !$0.isFinite } ?? 0
    throw MediaError(
      "sample \(first + index) is \(samples[index])", file: file, remedy: "finite samples in −1…1 are needed")
  }
}
