public import Foundation

/// Where the bytes of a sound go while it is made.
public protocol AudioSink: AnyObject {
  /// Appends bytes.
  func append(_ data: Data) throws
  /// Puts bytes in the place of earlier ones; what cannot go back, such as a pipe, leaves them as they were.
  func replace(at offset: Int, with data: Data) throws
}

/// Bytes in memory.
public final class MemorySink: AudioSink {
  public private(set) var data = Data()

  public init() {}

  public func append(_ data: Data) { self.data += data }

  public func replace(at offset: Int, with data: Data) {
    self.data.replaceSubrange(offset..<offset + data.count, with: data)
  }
}

extension AtomicFile: AudioSink {
  public func append(_ data: Data) throws { try write(data) }

  public func replace(at offset: Int, with data: Data) throws {
    try data.withUnsafeBytes { try overwrite($0, at: offset) }
  }
}
