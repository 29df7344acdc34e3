public import Foundation

/// Standard input and output as stages use them: whole values at a time.
public enum StandardStreams {
  /// All of standard input. Ctrl-C ends the wait.
  /// - Throws: `PipelineError` of kind `.data` when it is a terminal, cannot be read, or holds more than `limit`
  ///   bytes; `Interrupted`.
  public static func read(limit: Int = 4 << 30) throws -> Data {
    if isatty(STDIN_FILENO) == 1 {
      throw PipelineError.usage(
        "standard input is the terminal; a file or a pipe would be right: pipeline … < FILE")
    }
    return try read(STDIN_FILENO, limit: limit, check: Interrupt.check)
  }

  /// Writes all of it to standard output.
  /// - Throws: `Interrupted` when the reader has gone, `PipelineError` for other failures, such as a full disk.
  public static func write(_ data: Data) throws { try write(data, to: STDOUT_FILENO) }

  static func read(_ descriptor: Int32, limit: Int, check: () throws -> Void) throws -> Data {
    var data = Data()
    try forEachPiece(descriptor, check: check) { piece in
      guard data.count + piece.count <= limit else {
        throw PipelineError.data("standard input holds more than \(limit) bytes")
      }
      data.append(contentsOf: piece)
    }
    return data
  }

  /// What comes, as it comes, until the end.
  static func forEachPiece(
    _ descriptor: Int32, check: () throws -> Void, _ body: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // Reading restarts after a signal; waiting in short turns notices the flag.
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, 100)
      try check()
      if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      let count = Foundation.read(descriptor, &piece, piece.count)
      if count == 0 { return }
      guard count > 0 else {
        if errno == EINTR || errno == EAGAIN { continue }
        throw PipelineError.data("standard input cannot be read: \(reason())")
      }
      try body(piece[..<count])
    }
  }

  static func write(_ data: Data, to descriptor: Int32) throws {
    try data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Foundation.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count >= 0 {
          rest = rest.dropFirst(count)
        } else if errno == EPIPE {
          throw Interrupted(signal: SIGPIPE)
        } else if errno == EAGAIN {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, 100)
        } else if errno != EINTR {
          throw PipelineError.data("standard output cannot be written: \(reason())")
        }
      }
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
