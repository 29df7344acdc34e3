import CPendingFiles
public import Foundation

/// A file that appears whole or not at all.
///
/// Bytes go to a hidden temporary file in the target's directory; ``commit()`` forces them to disk and renames
/// the file over the target. Until then the old file stays as it was. A symbolic link is followed; devices and
/// pipes are written straight to. An instance belongs to one thread at a time.
public final class AtomicFile {
  public let url: URL

  private let target: String
  private var descriptor: Int32 = -1
  /// Nil if the target is written straight to.
  private var temporary: String?
  private var slot: Int32 = -1

  /// Opens the temporary file.
  ///
  /// - Throws: ``MediaError`` if the directory is missing or not writable, or the target is a directory or
  ///   read-only.
  public init(_ url: URL) throws {
    self.url = url
    target = Self.followingLinks(url.path)
    var status = stat()
    if stat(target, &status) == 0 {
      try openExisting(status)
    } else {
      try openTemporary(mode: nil)
    }
  }

  deinit { abort() }

  private static func followingLinks(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private func openExisting(_ status: stat) throws {
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      throw MediaError("is a directory", file: url.path, remedy: "name a file in it")
    case S_IFREG:
      // The rename would succeed all the same, and for root so would access().
      guard status.st_mode & 0o222 != 0, access(target, W_OK) == 0 else {
        throw MediaError("the file is read-only", file: url.path, remedy: "make it writable or name another")
      }
      try openTemporary(mode: status.st_mode & 0o777)
    default:
      descriptor = open(target, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      if descriptor < 0, errno == ENXIO {
        throw MediaError("nobody reads from the pipe", file: url.path, remedy: "start the reader first")
      }
      guard descriptor >= 0 else { throw failure(errno) }
      _ = fcntl(descriptor, F_SETFL, O_WRONLY)
    }
  }

  private func openTemporary(mode: mode_t?) throws {
    let directory = URL(fileURLWithPath: target).deletingLastPathComponent().path
    let token = String(UInt64.random(in: .min ... .max), radix: 36)
    let path = (directory == "/" ? "" : directory) + "/.pipeline-\(token).tmp"
    // Noted before it exists, so that no signal finds it unknown.
    slot = pending_files_add(path)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let code = errno
      pending_files_remove(slot)
      throw failure(code, directory: directory)
    }
    temporary = path
    if let mode { fchmod(descriptor, mode) }
  }

  /// Appends bytes.
  ///
  /// - Throws: ``MediaError`` if they cannot be written (disk full); the temporary file is gone then.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "the file is already committed or aborted")
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw abort(after: errno)
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Puts bytes in the place of earlier ones; a device or a pipe leaves them as they were.
  func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    precondition(descriptor >= 0, "the file is already committed or aborted")
    guard temporary != nil else { return }
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw abort(after: errno)
      }
      done += count
    }
  }

  /// Appends bytes; see ``write(_:)-(UnsafeRawBufferPointer)``.
  public func write(_ data: Data) throws {
    try data.withUnsafeBytes { try write($0) }
  }

  /// Puts the file in the target's place; nothing can be written after it.
  ///
  /// - Throws: ``MediaError`` if that fails; the old file is still there and the temporary one gone.
  public func commit() throws {
    precondition(descriptor >= 0, "the file is already committed or aborted")
    guard let temporary else {
      let open = descriptor
      descriptor = -1
      guard close(open) == 0 else { throw failure(errno) }
      return
    }
    while fsync(descriptor) != 0 {
      // A signal that ends the work comes in here as well.
      guard errno == EINTR else { throw abort(after: errno) }
    }
    let open = descriptor
    descriptor = -1
    guard close(open) == 0, rename(temporary, target) == 0 else { throw abort(after: errno) }
    pending_files_remove(slot)
    self.temporary = nil
    synchronizeDirectory()
  }

  /// Removes the temporary file. Does nothing after ``commit()``.
  public func abort() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    guard let temporary else { return }
    unlink(temporary)
    pending_files_remove(slot)
    self.temporary = nil
  }

  private func abort(after code: Int32) -> MediaError {
    abort()
    return failure(code)
  }

  /// The rename itself must survive a power cut. Some file systems refuse this, so a failure is no error.
  private func synchronizeDirectory() {
    let directory = open(
      URL(fileURLWithPath: target).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    close(directory)
  }

  private func failure(_ code: Int32, directory: String? = nil) -> MediaError {
    switch code {
    case ENOSPC, EDQUOT:
      MediaError("the disk is full", file: url.path, remedy: "free some space or write elsewhere")
    case ENOENT where directory != nil, ENOTDIR where directory != nil:
      MediaError("the directory \(directory ?? "") does not exist", file: url.path, remedy: "create it first")
    default: MediaError("cannot be written: \(String(cString: strerror(code)))", file: url.path)
    }
  }
}

extension AtomicFile {
  /// Writes a whole file in one step.
  ///
  /// - Throws: ``MediaError``; an old file is then still whole.
  public static func write(_ data: Data, to url: URL) throws {
    let file = try AtomicFile(url)
    try file.write(data)
    try file.commit()
  }

  /// Unlinks the temporary files of this process that are neither committed nor aborted (up to 64 are noted).
  ///
  /// Async-signal-safe: for a signal handler that ends the process.
  public static func removePending() {
    pending_files_unlink_all()
  }
}
