public import Foundation

/// Where the bytes of a sound go while it is made.
///
/// WAV and Ogg Vorbis are the same in a file as in a pipe. The header of FLAC in a pipe lacks what is known at the end
/// alone, and stays 0, "unknown": the smallest and largest frame, and the samples' MD5 (RFC 9639, section 8.2).
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

/// Another sink as a pipe would be: what has gone out stays as it is.
public final class AppendingSink: AudioSink {
  private let sink: any AudioSink

  public init(_ sink: any AudioSink) { self.sink = sink }

  public func append(_ data: Data) throws { try sink.append(data) }

  public func replace(at offset: Int, with data: Data) {}
}

extension AudioWriter {
  /// Whether a file is FLAC without its samples' MD5, as ``AudioWriter`` leaves it in a pipe.
  public static func isFLACOfPipe(_ file: URL) -> Bool {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    guard let start = try? handle.read(upToCount: 42), start.count == 42 else { return false }
    return start.prefix(4) == Data("fLaC".utf8) && start.suffix(16).allSatisfy { $0 == 0 }
  }
}

extension AtomicFile: AudioSink {
  public func append(_ data: Data) throws { try write(data) }

  public func replace(at offset: Int, with data: Data) throws {
    try data.withUnsafeBytes { try overwrite($0, at: offset) }
  }
}
