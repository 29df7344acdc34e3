internal import Crypto
public import Foundation

/// SHA-256 as 64 hexadecimal digits in lower case, as `sha256sum` prints it.
public enum Digest {
  public static func sha256(_ data: Data) -> String { hexadecimal(SHA256.hash(data: data)) }

  /// Reads the file piece by piece.
  /// - Throws: `PipelineError` of kind `.data` when the file cannot be read.
  public static func sha256(of file: URL) throws -> String {
    do {
      let handle = try FileHandle(forReadingFrom: file)
      defer { try? handle.close() }
      var hash = SHA256()
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
      return hexadecimal(hash.finalize())
    } catch {
      let isThere = FileManager.default.fileExists(atPath: file.path)
      throw PipelineError.data("\(file.path)\(isThere ? " cannot be read" : ": no such file")")
    }
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
