import CSndfile
import Foundation

/// Bytes in memory that libsndfile reads, writes and seeks in like a file.
final class AudioStream {
  private(set) var bytes: Data
  private var position = 0

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
      get_filelen: { sf_count_t(AudioStream.stream($0)?.bytes.count ?? 0) },
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
      case SEEK_END: bytes.count
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

  private func write(_ source: UnsafeRawBufferPointer) -> sf_count_t {
    let end = position + source.count
    if end > bytes.count { bytes.append(Data(count: end - bytes.count)) }
    bytes.replaceSubrange(position..<end, with: source)
    position = end
    return sf_count_t(source.count)
  }
}
