import CPNG
import Foundation

/// Where a ``PNGReader`` takes its bytes from; the C side calls ``read`` through an unowned pointer.
final class PNGSource {
  enum Bytes {
    case data(Data)
    case file(UnsafeMutablePointer<FILE>)
  }

  private let bytes: Bytes
  private var position: Int
  private(set) var systemError: Int32 = 0

  init(_ bytes: Bytes) {
    self.bytes = bytes
    position = if case .data(let data) = bytes { data.startIndex } else { 0 }
  }

  deinit {
    if case .file(let file) = bytes { fclose(file) }
  }

  /// Fills the buffer as far as the input reaches; -1 after a system error.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    switch bytes {
    case .data(let data):
      let count = min(buffer.count, data.endIndex - position)
      data.copyBytes(to: buffer, from: position..<position + count)
      position += count
      return count
    case .file(let file):
      let count = fread(buffer.baseAddress, 1, buffer.count, file)
      guard count == buffer.count || ferror(file) == 0 else {
        systemError = errno
        return -1
      }
      return count
    }
  }

  static let callback: cpng_read_function = { context, buffer, count in
    guard let context, let buffer else { return -1 }
    let source = Unmanaged<PNGSource>.fromOpaque(context).takeUnretainedValue()
    return source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
  }
}
