internal import CMinizip
public import Foundation

/// NumPy's `.npz` files: ZIP archives of `.npy` files, stored or deflated.
public struct NPZ: Sendable {
  /// By their names, without `.npy`.
  public let arrays: [String: HostArray]

  /// Bytes that all arrays together may take once unpacked: a small file may claim any size.
  private static let limit = 8 << 30

  /// - Throws: `FormatError` for a broken file or one that cannot be read, for what `NPY.array` refuses, and for arrays of
  ///   more than 8 GiB together.
  public init(contentsOf url: URL) throws {
    let (name, kind) = (url.lastPathComponent, "an npz file")
    try RegularFile.check(url, expected: kind)
    guard let archive = unzOpen64(url.path) else { throw RegularFile.unreadable(url, expected: kind) }
    defer { unzClose(archive) }
    var arrays: [String: HostArray] = [:]
    var total = 0
    var status = unzGoToFirstFile(archive)
    while status == UNZ_OK {
      var information = unz_file_info64()
      var title = [CChar](repeating: 0, count: 1024)
      guard
        unzGetCurrentFileInfo64(
          archive, &information, &title, uLong(title.count - 1), nil, 0, nil, 0) == UNZ_OK
      else { throw Self.broken(name) }
      let member = String(decoding: title.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      let size = Int(clamping: information.uncompressed_size)
      total += min(size, Self.limit)
      guard total < Self.limit else {
        throw FormatError(in: name, "arrays of more than \(Self.limit) bytes", expected: "smaller ones")
      }
      if member.hasSuffix(".npy") {
        let data = try Self.contents(archive, size: size, name)
        arrays[String(member.dropLast(4))] = try NPY.array(data: data, name: "\(name), \(member)")
      }
      status = unzGoToNextFile(archive)
    }
    guard status == UNZ_END_OF_LIST_OF_FILE else { throw Self.broken(name) }
    self.arrays = arrays
  }

  private static func contents(_ archive: unzFile, size: Int, _ name: String) throws -> Data {
    guard unzOpenCurrentFile(archive) == UNZ_OK else { throw broken(name) }
    var data = Data()
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unzReadCurrentFile(archive, &piece, UInt32(piece.count))
      guard count > 0 else {
        // Closing compares the checksum.
        guard unzCloseCurrentFile(archive) == UNZ_OK, count == 0, data.count == size else {
          throw broken(name)
        }
        return data
      }
      // A member may be longer than it says.
      guard data.count + Int(count) <= size else { throw broken(name) }
      data.append(contentsOf: piece[..<Int(count)])
    }
  }

  private static func broken(_ name: String) -> FormatError {
    FormatError(
      in: name, "it is broken or cut off", expected: "an archive of npy files, such as numpy.savez writes")
  }
}
