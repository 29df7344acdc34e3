public import Foundation

extension AudioClip {
  /// Writes atomically, in the encoding for the extension unless one is given.
  ///
  /// - Throws: ``MediaError`` as ``encoded(as:)`` and ``AtomicFile/write(_:to:)``.
  public func write(to url: URL, as encoding: AudioEncoding? = nil) throws {
    let data = try encoded(as: encoding ?? AudioEncoding(for: url), name: url.path)
    try AtomicFile.write(data, to: url)
  }

  /// Encodes the clip with its comment, as ``AudioWriter`` does.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the clip is empty, too long, holds a NaN or infinite sample, or if the encoding
  ///   takes no such sample rate or number of channels.
  public func encoded(as encoding: AudioEncoding, name: String? = nil) throws -> Data {
    let sink = MemorySink()
    let writer = try AudioWriter(
      encoding, sampleRate: sampleRate, channels: channels, frames: frameCount, comment: comment, to: sink,
      name: name)
    try writer.write(samples)
    try writer.finish()
    return sink.data
  }

  /// The sample's integer value in the upper `bits` of 32.
  static func quantized(_ sample: Float, bits: Int) -> Int32 {
    let fullScale = Double(1 << (bits - 1))
    let value = (Double(sample) * fullScale).rounded()
    return Int32(min(max(value, -fullScale), fullScale - 1)) << Int32(32 - bits)
  }
}
