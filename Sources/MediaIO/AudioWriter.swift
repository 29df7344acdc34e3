import CSndfile
public import Foundation

/// Writes sound of a known length block after block, in constant memory; the same sound always gives the same bytes.
///
/// Integer encodings round to the nearest of their steps of 2^(1 − bits) and saturate, so that samples read from an
/// integer file are written back exactly. Vorbis (quality 0.6) saturates as well; float keeps all values.
public final class AudioWriter {
  private let encoding: AudioEncoding
  private let channels: Int
  private let frames: Int
  private let comment: String?
  private let sink: any AudioSink
  private let name: String?
  /// nil for WAV, whose header is known before the first sample, so that a pipe gets a whole file too.
  private var file: OpaquePointer?
  private let stream: SpooledStream
  private var written = 0

  /// Writes the header.
  /// - Parameters:
  ///   - frames: of all that will be written.
  ///   - name: what errors call the file.
  /// - Throws: ``MediaError`` for no frames or too many, a comment with a NUL, or if the encoding takes no such sample
  ///   rate or number of channels; what `sink` throws.
  public init(
    _ encoding: AudioEncoding, sampleRate: Int, channels: Int, frames: Int, comment: String?,
    to sink: any AudioSink, name: String? = nil
  ) throws {
    (self.encoding, self.channels, self.frames) = (encoding, channels, frames)
    (self.comment, self.sink, self.name) = (comment, sink, name)
    guard frames > 0 else { throw MediaError("the audio is empty", file: name) }
    guard frames <= AudioClip.longest / channels else {
      throw MediaError(
        "\(frames) frames of \(channels) channels are too many", file: name,
        remedy: "at most 2^31 samples are written")
    }
    if let comment, comment.utf8.contains(0) {
      throw MediaError("the comment holds a NUL character", file: name)
    }
    stream = SpooledStream(
      sink, pages: encoding == .oggVorbis,
      flacFrames: encoding.fileType == "FLAC" ? frames : nil)
    if encoding.isWAV {
      try sink.append(wavHeader(sampleRate))
    } else {
      file = try Self.opened(encoding, sampleRate, channels, stream, name)
      if let comment, sf_set_string(file, Int32(SF_STR_COMMENT), comment) != 0 {
        throw MediaError("the comment cannot be written (\(AudioClip.reason(file)))", file: name)
      }
    }
  }

  deinit { if let file { sf_close(file) } }

  private static func opened(
    _ encoding: AudioEncoding, _ sampleRate: Int, _ channels: Int, _ stream: AudioStream, _ name: String?
  ) throws -> OpaquePointer {
    var info = SF_INFO()
    info.samplerate = Int32(clamping: sampleRate)
    info.channels = Int32(clamping: channels)
    info.format = encoding.format
    guard sf_format_check(&info) != 0, let file = stream.open(Int32(SFM_WRITE), &info) else {
      throw MediaError(
        "\(encoding.fileType) takes no \(channels) channels at \(sampleRate) Hz", file: name,
        remedy: "resample, mix down or write WAV")
    }
    // The PEAK chunk would hold the time of writing.
    sf_command(file, Int32(SFC_SET_ADD_PEAK_CHUNK), nil, Int32(SF_FALSE))
    if encoding == .oggVorbis {
      var quality = 0.6
      sf_command(file, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, Int32(MemoryLayout<Double>.size))
    }
    return file
  }

  /// libsndfile's header for one frame, with the lengths of all frames and of the comment behind them.
  private func wavHeader(_ sampleRate: Int) throws -> Data {
    let bytes = frames * channels * encoding.sampleBytes
    let list = comment.map { WAVChunks.list(comment: $0).count } ?? 0
    guard bytes + list < WAVChunks.longest else {
      throw MediaError("the audio is too long for WAV", file: name, remedy: "at most 4 GB; write FLAC")
    }
    let one = AudioStream()
    let file = try Self.opened(encoding, sampleRate, channels, one, name)
    sf_writef_float(file, [Float](repeating: 0, count: channels), 1)
    guard sf_close(file) == 0,
      let header = WAVChunks(one.bytes)?.header(frames: frames, bytes: bytes, behind: list)
    else { throw MediaError("the audio cannot be written", file: name) }
    return header
  }

  /// - Parameter samples: whole frames, interleaved, over −1…1.
  /// - Throws: ``MediaError`` for a NaN or infinite sample, or more frames than were announced; what the sink throws.
  public func write(_ samples: [Float]) throws {
    precondition(samples.count % channels == 0, "whole frames of \(channels) channels")
    try AudioClip.requireFinite(samples, file: name, from: written * channels)
    written += samples.count / channels
    guard written <= frames else {
      throw MediaError("the audio is longer than its \(frames) frames", file: name)
    }
    if encoding.isWAV {
      try sink.append(pcm(samples))
    } else {
      // In blocks: the Vorbis encoder takes its input onto the stack.
      let block = 4096 * channels
      for start in stride(from: 0, to: samples.count, by: block) {
        try encode(Array(samples[start..<min(samples.count, start + block)]))
      }
      try stream.flush()
    }
  }

  private func encode(_ block: [Float]) throws {
    let count = sf_count_t(block.count / channels)
    let done: sf_count_t
    if let bits = encoding.bitDepth {
      // Not libsndfile's own conversion from float: it scales by 2^15 − 1 and reads by 2^15.
      done = sf_writef_int(file, block.map { AudioClip.quantized($0, bits: bits) }, count)
    } else {
      done = sf_writef_float(file, block.map { min(max($0, -1), 1) }, count)
    }
    guard done == count else {
      throw MediaError("the audio cannot be written (\(AudioClip.reason(file)))", file: name)
    }
  }

  /// Little-endian bytes.
  private func pcm(_ samples: [Float]) -> Data {
    var data = Data(capacity: samples.count * encoding.sampleBytes)
    for sample in samples {
      let word =
        encoding.bitDepth.map { UInt32(bitPattern: AudioClip.quantized(sample, bits: $0)) >> UInt32(32 - $0) }
        ?? sample.bitPattern
      for byte in 0..<encoding.sampleBytes {
        data.append(UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte))))
      }
    }
    return data
  }

  /// Writes what is left, and the comment of WAV.
  /// - Throws: ``MediaError`` for fewer frames than were announced; what the sink throws.
  public func finish() throws {
    guard written == frames else {
      throw MediaError("the audio ends after \(written) of its \(frames) frames", file: name)
    }
    if encoding.isWAV {
      if frames * channels * encoding.sampleBytes % 2 == 1 { try sink.append(Data([0])) }
      if let comment { try sink.append(WAVChunks.list(comment: comment)) }
      return
    }
    let open = file
    file = nil
    guard sf_close(open) == 0 else { throw MediaError("the audio cannot be written", file: name) }
    try stream.flush()
    try stream.finish()
  }
}
