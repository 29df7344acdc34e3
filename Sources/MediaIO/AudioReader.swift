import CSndfile
public import Foundation

/// Reads a sound block after block; one in a file is never held as a whole.
public final class AudioReader {
  /// Frames per second.
  public let sampleRate: Int
  public let channels: Int
  public let frames: Int
  /// WAV ICMT, FLAC and Ogg COMMENT.
  public let comment: String?
  /// Bits that hold the samples as they are: 16 (also for lossy formats) or 24; nil for floating point.
  public let bitDepth: Int?

  private let file: OpaquePointer
  /// What `file` reads from, where that is memory.
  private let stream: AudioStream?
  private let name: String
  private var done = 0

  /// Opens a file in any format that libsndfile knows. A pipe is read to its end first.
  ///
  /// - Throws: ``MediaError``, also if the file is missing, unreadable, empty or a directory.
  public convenience init(contentsOf url: URL) throws {
    var status = stat()
    guard url.isFileURL, stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0
    else {
      // What is wrong with it is said there.
      try self.init(decoding: FileBytes.read(url), name: url.path)
      return
    }
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileBytes.failure("cannot be opened", errno, url.path) }
    let chunks: WAVChunks?
    do {
      chunks = WAVChunks(descriptor: descriptor, count: Int(status.st_size))
      try chunks?.requireWhole(file: url.path)
    } catch {
      close(descriptor)
      throw error
    }
    var info = SF_INFO()
    // libsndfile closes the descriptor, also when it fails.
    let file = sf_open_fd(descriptor, Int32(SFM_READ), &info, Int32(SF_TRUE))
    try self.init(file, info, chunks, stream: nil, name: url.path)
  }

  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the data is no known audio format, is damaged or cut short, holds no samples or more
  ///   than 2^31 of them.
  public convenience init(decoding data: Data, name: String) throws {
    let chunks = WAVChunks(data)
    try chunks?.requireWhole(file: name)
    let stream = AudioStream(data)
    var info = SF_INFO()
    try self.init(stream.open(Int32(SFM_READ), &info), info, chunks, stream: stream, name: name)
  }

  private init(
    _ opened: OpaquePointer?, _ info: SF_INFO, _ chunks: WAVChunks?, stream: AudioStream?, name: String
  ) throws {
    guard let opened else {
      throw MediaError(
        "not a known audio format (\(AudioClip.reason(nil)))", file: name,
        remedy: "use WAV, FLAC or Ogg Vorbis")
    }
    do { try Self.check(info, name) } catch {
      sf_close(opened)
      throw error
    }
    (file, self.stream, self.name) = (opened, stream, name)
    (sampleRate, channels, frames) = (Int(info.samplerate), Int(info.channels), Int(info.frames))
    comment = chunks?.comment ?? sf_get_string(opened, Int32(SF_STR_COMMENT)).map { String(cString: $0) }
    bitDepth =
      switch Int(info.format) & Int(SF_FORMAT_SUBMASK) {
      case Int(SF_FORMAT_PCM_24), Int(SF_FORMAT_ALAC_20), Int(SF_FORMAT_ALAC_24): 24
      case Int(SF_FORMAT_PCM_32), Int(SF_FORMAT_ALAC_32), Int(SF_FORMAT_FLOAT), Int(SF_FORMAT_DOUBLE): nil
      default: 16
      }
  }

  deinit {
    sf_close(file)
    withExtendedLifetime(stream) {}
  }

  private static func check(_ info: SF_INFO, _ name: String) throws {
    let (channels, frames) = (Int(info.channels), Int(info.frames))
    guard info.samplerate > 0, channels > 0 else { throw MediaError("damaged audio header", file: name) }
    guard frames != 0 else { throw MediaError("the audio is empty", file: name) }
    // What libsndfile says of an Ogg file without its last page.
    guard info.frames != sf_count_t.max else {
      throw MediaError("the audio is cut short", file: name, remedy: "a complete file is needed")
    }
    guard frames > 0, frames <= AudioClip.longest / channels else {
      throw MediaError(
        "\(frames) frames of \(channels) channels are too many", file: name,
        remedy: "at most 2^31 samples are read")
    }
  }

  /// Seconds.
  public var duration: Double { Double(frames) / Double(sampleRate) }

  /// The next frames, interleaved; none at the end. Integer samples are divided by their full scale.
  ///
  /// - Throws: ``MediaError`` if the file is damaged or cut short, or holds a sample that is NaN or infinite.
  public func read(_ count: Int = 1 << 14) throws -> [Float] {
    guard done < frames, count > 0 else { return [] }
    var block = [Float](repeating: 0, count: min(count, frames - done) * channels)
    let read = Int(sf_readf_float(file, &block, sf_count_t(block.count / channels)))
    guard sf_error(file) == 0 else {
      throw MediaError(
        "damaged audio (\(AudioClip.reason(file)))", file: name, remedy: "an intact file is needed")
    }
    guard read > 0 else {
      throw MediaError(
        "the audio is cut short after \(done) of \(frames) frames", file: name,
        remedy: "a complete file is needed")
    }
    block.removeLast(block.count - read * channels)
    try AudioClip.requireFinite(block, file: name, from: done * channels)
    done += read
    return block
  }

  /// All that has not been read yet.
  public func clip() throws -> AudioClip {
    // Grows with what is really there: a header may promise any number of frames.
    var samples: [Float] = []
    samples.reserveCapacity(min((frames - done) * channels, 1 << 24))
    while case let block = try read(), !block.isEmpty { samples += block }
    return AudioClip(sampleRate: sampleRate, channels: channels, samples: samples, comment: comment)
  }
}
