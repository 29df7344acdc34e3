public import Foundation

/// Whole files as bytes, with errors that say what to do.
public enum FileBytes {
  /// Reads a regular file, a pipe or a device to its end.
  ///
  /// - Throws: ``MediaError`` if the file is missing, a directory, unreadable or empty.
  public static func read(_ url: URL) throws -> Data {
    guard url.isFileURL else {
      throw MediaError("only files are read", file: url.absoluteString, remedy: "download it first")
    }
    let name = url.path
    let descriptor = open(name, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened", errno, name) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read", errno, name) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw MediaError("is a directory", file: name, remedy: "name a file in it")
    }

    var data = Data()
    data.reserveCapacity(Int(max(status.st_size, 0)))
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fill(descriptor, &buffer)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("cannot be read", errno, name)
      }
      data.append(contentsOf: buffer[..<count])
    }
    guard !data.isEmpty else { throw MediaError("the file is empty", file: name) }
    return data
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
