import CSndfile
public import Foundation

extension AudioClip {
  /// Reads an audio file in any format that libsndfile knows (WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, …).
  ///
  /// - Throws: ``MediaError``, also if the file is missing, unreadable, empty or a directory.
  public init(contentsOf url: URL) throws {
    try self.init(decoding: FileBytes.read(url), name: url.path)
  }

  /// Decodes an audio file in any format that libsndfile knows. Integer samples are divided by their full scale.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the data is no known audio format, is damaged or cut short, holds no samples,
  ///   more than 2^31 of them, or one that is NaN or infinite.
  public init(decoding data: Data, name: String) throws {
    let waveChunks = WAVChunks(data)
    try waveChunks?.requireWhole(file: name)
    let stream = AudioStream(data)
    var info = SF_INFO()
    guard let file = stream.open(Int32(SFM_READ), &info) else {
      throw MediaError(
        "not a known audio format (\(Self.reason(nil)))", file: name, remedy: "use WAV, FLAC or Ogg Vorbis")
    }
    defer {
      sf_close(file)
      withExtendedLifetime(stream) {}
    }
    let (channels, frames) = (Int(info.channels), Int(info.frames))
    guard info.samplerate > 0, channels > 0 else { throw MediaError("damaged audio header", file: name) }
    guard frames != 0 else { throw MediaError("the audio is empty", file: name) }
    // What libsndfile says of an Ogg file without its last page.
    guard info.frames != sf_count_t.max else {
      throw MediaError("the audio is cut short", file: name, remedy: "a complete file is needed")
    }
    guard frames > 0, frames <= Self.longest / channels else {
      throw MediaError(
        "\(frames) frames of \(channels) channels are too many", file: name,
        remedy: "at most 2^31 samples are read")
    }
    let samples = try Self.readSamples(file, frames: frames, channels: channels, name: name)
    let comment =
      waveChunks?.comment ?? sf_get_string(file, Int32(SF_STR_COMMENT)).map { String(cString: $0) }
    self.init(sampleRate: Int(info.samplerate), channels: channels, samples: samples, comment: comment)
    try Self.requireFinite(samples, file: name)
  }

  /// Grows with what is really there: a header may promise any number of frames.
  private static func readSamples(
    _ file: OpaquePointer, frames: Int, channels: Int, name: String
  ) throws -> [Float] {
    var samples: [Float] = []
    samples.reserveCapacity(min(frames * channels, 1 << 24))
    var block = [Float](repeating: 0, count: 1 << 14 * channels)
    while samples.count < frames * channels {
      let count = Int(sf_readf_float(file, &block, sf_count_t(block.count / channels)))
      guard sf_error(file) == 0 else {
        throw MediaError("damaged audio (\(reason(file)))", file: name, remedy: "an intact file is needed")
      }
      if count <= 0 { break }
      samples.append(contentsOf: block[..<(count * channels)])
    }
    guard samples.count == frames * channels else {
      throw MediaError(
        "the audio is cut short after \(samples.count / channels) of \(frames) frames", file: name,
        remedy: "a complete file is needed")
    }
    return samples
  }

  static func reason(_ file: OpaquePointer?) -> String {
    String(cString: sf_strerror(file)).trimmingCharacters(in: CharacterSet(charactersIn: " \n."))
  }
}
