public import Foundation

/// Whole files as bytes, with errors that say what to do.
public enum FileBytes {
  /// Reads a regular file or a pipe to its end.
  ///
  /// - Parameter limit: more bytes than this are an error: what has no end must not fill the memory.
  /// - Parameter check: called while a pipe is waited for; throws to give up.
  /// - Throws: ``MediaError`` if the file is missing, a directory or device, unreadable, empty or too large.
  public static func read(_ url: URL, limit: Int = 4 << 30, check: () throws -> Void = {}) throws -> Data {
    guard url.isFileURL else {
      throw MediaError("only files are read", file: url.absoluteString, remedy: "download it first")
    }
    let name = url.path
    // A pipe is opened at once, whether somebody writes to it yet or not.
    let descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("cannot be opened", errno, name) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read", errno, name) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw MediaError("is a directory", file: name, remedy: "name a file in it")
    }

    guard ![S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT) else {
      throw MediaError("is a device", file: name, remedy: "name a file or a pipe")
    }
    guard status.st_size <= limit else { throw tooLarge(limit, name) }

    var data = Data()
    data.reserveCapacity(Int(max(status.st_size, 0)))
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let isPipe = status.st_mode & S_IFMT == S_IFIFO
    while true {
      if isPipe {
        // Reading before anybody has written would give the end.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waiting, 1, 100)
        try check()
        if ready <= 0 { continue }
      }
      let count = fill(descriptor, &buffer)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw failure("cannot be read", errno, name)
      }
      guard data.count + count <= limit else { throw tooLarge(limit, name) }
      data.append(contentsOf: buffer[..<count])
    }
    guard !data.isEmpty else { throw MediaError("the file is empty", file: name) }
    return data
  }

  private static func tooLarge(_ limit: Int, _ name: String) -> MediaError {
    MediaError("the file holds more than \(limit) bytes", file: name)
  }

  private static func fill(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
    buffer.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
  }

  static func failure(_ verb: String, _ code: Int32, _ name: String) -> MediaError {
    switch code {
    case ENOENT: MediaError("no such file", file: name)
    case EACCES, EPERM: MediaError("\(verb): permission denied", file: name)
    default: MediaError("\(verb): \(String(cString: strerror(code)))", file: name)
    }
  }
}
