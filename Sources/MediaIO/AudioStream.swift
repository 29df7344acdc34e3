import CSndfile
import Foundation

/// Bytes in memory that libsndfile reads, writes and seeks in like a file.
class AudioStream {
  fileprivate(set) var bytes: Data
  fileprivate var position = 0
  /// Bytes that were before `bytes`, and have gone.
  fileprivate var gone: Int { 0 }

  init(_ bytes: Data = Data()) { self.bytes = bytes.startIndex == 0 ? bytes : Data(bytes) }

  /// Opens with the callbacks below; the stream must outlive the handle.
  func open(_ mode: Int32, _ info: inout SF_INFO) -> OpaquePointer? {
    var callbacks = Self.callbacks
    return sf_open_virtual(&callbacks, mode, &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func stream(_ context: UnsafeMutableRawPointer?) -> AudioStream? {
    context.map { Unmanaged<AudioStream>.fromOpaque($0).takeUnretainedValue() }
  }

  private static var callbacks: SF_VIRTUAL_IO {
    SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(AudioStream.stream($0).map { $0.gone + $0.bytes.count } ?? 0) },
      seek: { offset, whence, context in
        AudioStream.stream(context)?.seek(Int(offset), whence) ?? -1
      },
      read: { buffer, count, context in
        guard let buffer else { return 0 }
        let target = UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))
        return AudioStream.stream(context)?.read(into: target) ?? 0
      },
      write: { buffer, count, context in
        guard let buffer else { return 0 }
        let source = UnsafeRawBufferPointer(start: buffer, count: Int(count))
        return AudioStream.stream(context)?.write(source) ?? 0
      },
      tell: { sf_count_t(AudioStream.stream($0)?.position ?? 0) })
  }

  private func seek(_ offset: Int, _ whence: Int32) -> sf_count_t {
    let base =
      switch whence {
      case SEEK_CUR: position
      case SEEK_END: gone + bytes.count
      default: 0
      }
    let (target, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, target >= 0 else { return -1 }
    position = target
    return sf_count_t(target)
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> sf_count_t {
    guard position < bytes.count else { return 0 }
    let count = min(buffer.count, bytes.count - position)
    bytes.copyBytes(to: buffer, from: position..<position + count)
    position += count
    return sf_count_t(count)
  }

  fileprivate func write(_ source: UnsafeRawBufferPointer) -> sf_count_t {
    let end = position + source.count
    if end > bytes.count { bytes.append(Data(count: end - bytes.count)) }
    bytes.replaceSubrange(position..<end, with: source)
    position = end
    return sf_count_t(source.count)
  }
}

/// Bytes that libsndfile writes, handed on as soon as they are there.
final class SpooledStream: AudioStream {
  private let sink: any AudioSink
  private let pages: Bool
  private var handedOn = 0
  private var late: [(offset: Int, data: Data)] = []
  /// Of a FLAC file, so that what cannot be written again says it from the start.
  private let flacFrames: Int?

  /// - Parameter pages: whether only whole pages of Ogg are handed on, with a serial number that is always the same.
  init(_ sink: any AudioSink, pages: Bool, flacFrames: Int?) {
    (self.sink, self.pages, self.flacFrames) = (sink, pages, flacFrames)
    super.init()
  }

  fileprivate override var gone: Int { handedOn }

  fileprivate override func write(_ source: UnsafeRawBufferPointer) -> sf_count_t {
    guard position < handedOn else {
      position -= handedOn
      defer { position += handedOn }
      return super.write(source)
    }
    // A header that is written again once the lengths are known.
    late.append((position, Data(source.prefix(handedOn - position))))
    position += source.count
    return sf_count_t(source.count)
  }

  func flush() throws {
    let whole = pages ? OggPages.wholePages(bytes) : bytes.count
    guard whole > 0 else { return }
    var ready = Data(bytes.prefix(whole))
    bytes = Data(bytes.dropFirst(whole))
    if handedOn == 0, let flacFrames { Self.store(flacFrames, inFLAC: &ready) }
    handedOn += whole
    try sink.append(pages ? OggPages.withFixedSerialNumber(ready) : ready)
  }

  /// The 36 bits for the number of samples in the first block, STREAMINFO (RFC 9639, section 8.2).
  private static func store(_ frames: Int, inFLAC data: inout Data) {
    let (last, bits) = (25, UInt64(frames))
    guard data.count > last, data.prefix(4) == Data("fLaC".utf8), frames < 1 << 36 else { return }
    for byte in 0..<4 { data[last - byte] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte)) }
    data[last - 4] = data[last - 4] & 0xF0 | UInt8(truncatingIfNeeded: bits >> 32)
  }

  /// What was written again goes to its place.
  func finish() throws {
    for (offset, data) in late { try sink.replace(at: offset, with: data) }
  }
}
