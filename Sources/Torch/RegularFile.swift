internal import Foundation

/// Files that end. A device or a pipe may not, and would be read into memory until there is none left.
enum RegularFile {
  /// - Parameter expected: what the file should have been, such as "an npy file".
  /// - Throws: `FormatError` when there is nothing at `url`, or something else than a regular file.
  static func check(_ url: URL, expected: String) throws {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    guard let type = attributes?[.type] as? FileAttributeType else {
      throw FormatError(in: url.path, "there is no such file", expected: expected)
    }
    guard type == .typeRegular else {
      throw FormatError(in: url.path, "it is a folder, device or pipe", expected: expected)
    }
  }

  static func unreadable(_ url: URL, expected: String) -> FormatError {
    FormatError(in: url.path, "it cannot be read", expected: "\(expected) that may be read")
  }
}
