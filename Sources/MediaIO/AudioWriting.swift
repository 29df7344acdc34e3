import CSndfile
public import Foundation

extension AudioClip {
  /// Writes atomically, in the encoding for the extension unless one is given.
  ///
  /// - Throws: ``MediaError`` as ``encoded(as:)`` and ``AtomicFile/write(_:to:)``.
  public func write(to url: URL, as encoding: AudioEncoding? = nil) throws {
    let data = try encoded(as: encoding ?? AudioEncoding(for: url), name: url.path)
    try AtomicFile.write(data, to: url)
  }

  /// Encodes the clip with its comment; the same clip always gives the same bytes.
  ///
  /// Integer encodings round to the nearest of their steps of 2^(1 − bits) and saturate, so that samples read from
  /// an integer file are written back exactly. Vorbis (quality 0.6) saturates as well; float keeps all values.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the clip is empty, too long, holds a NaN or infinite sample, or if the encoding
  ///   takes no such sample rate or number of channels.
  public func encoded(as encoding: AudioEncoding, name: String? = nil) throws -> Data {
    guard !samples.isEmpty else { throw MediaError("the audio is empty", file: name) }
    guard samples.count <= Self.longest else {
      throw MediaError(
        "\(samples.count) samples are too many", file: name, remedy: "at most 2^31 are written")
    }
    try requireFinite(file: name)
    if let comment, comment.utf8.contains(0) {
      throw MediaError("the comment holds a NUL character", file: name)
    }
    let commentBytes = comment?.utf8.count ?? 0
    guard !encoding.isWAV || samples.count * encoding.sampleBytes + commentBytes < WAVChunks.longest else {
      throw MediaError("the audio is too long for WAV", file: name, remedy: "at most 4 GB; write FLAC")
    }
    var info = SF_INFO()
    info.samplerate = Int32(clamping: sampleRate)
    info.channels = Int32(clamping: channels)
    info.format = encoding.format
    let stream = AudioStream()
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
    do {
      if let comment, !encoding.isWAV, sf_set_string(file, Int32(SF_STR_COMMENT), comment) != 0 {
        throw MediaError("the comment cannot be written (\(Self.reason(file)))", file: name)
      }
      try write(to: file, encoding, name: name)
    } catch {
      sf_close(file)
      throw error
    }
    guard sf_close(file) == 0 else { throw MediaError("the audio cannot be written", file: name) }
    if encoding.isWAV, let comment {
      return WAVChunks.appending(comment: comment, to: stream.bytes)
    }
    return encoding == .oggVorbis ? OggPages.withFixedSerialNumber(stream.bytes) : stream.bytes
  }

  /// In blocks: the Vorbis encoder takes its input onto the stack.
  private func write(to file: OpaquePointer, _ encoding: AudioEncoding, name: String?) throws {
    let blockFrames = 4096
    for start in stride(from: 0, to: frameCount, by: blockFrames) {
      let frames = min(blockFrames, frameCount - start)
      let block = samples[(start * channels)..<((start + frames) * channels)]
      let written: sf_count_t
      if let bits = encoding.bitDepth {
        // Not libsndfile's own conversion from float: it scales by 2^15 − 1 and reads by 2^15.
        written = sf_writef_int(file, block.map { Self.quantized($0, bits: bits) }, sf_count_t(frames))
      } else if encoding == .wavFloat {
        written = sf_writef_float(file, Array(block), sf_count_t(frames))
      } else {
        written = sf_writef_float(file, block.map { min(max($0, -1), 1) }, sf_count_t(frames))
      }
      guard written == frames else {
        throw MediaError("the audio cannot be written (\(Self.reason(file)))", file: name)
      }
    }
  }

  /// The sample's integer value in the upper `bits` of 32.
  static func quantized(_ sample: Float, bits: Int) -> Int32 {
    let fullScale = Double(1 << (bits - 1))
    let value = (Double(sample) * fullScale).rounded()
    return Int32(min(max(value, -fullScale), fullScale - 1)) << Int32(32 - bits)
  }
}
