internal import CZlib
public import Foundation

/// Gzip files (RFC 1952), by zlib.
public enum Gzip {
  /// Whether `data` begins as a gzip file does.
  public static func isGzip(_ data: Data) -> Bool { data.starts(with: [0x1F, 0x8B]) }

  /// The contents of a gzip file.
  /// - Parameters:
  ///   - limit: more bytes than this are an error: a small file can hold a huge one.
  ///   - name: of the file, for errors.
  /// - Throws: ``MediaError`` for data that is damaged, cut short or too large.
  public static func decompressed(_ data: Data, limit: Int = 1 << 31, name: String) throws -> Data {
    var stream = z_stream()
    // 16 more than the largest window asks zlib for gzip's header and checksum.
    guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw MediaError("zlib cannot be started", file: name) }
    defer { inflateEnd(&stream) }
    var output = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var input = [UInt8](data)
    var status = Z_OK
    try input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(clamping: source.count)
      repeat {
        let made = buffer.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          status = inflate(&stream, Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        guard status == Z_OK || status == Z_STREAM_END else {
          let isShort = status == Z_BUF_ERROR && stream.avail_in == 0
          throw MediaError(
            isShort ? "the gzip file is cut short" : "damaged gzip file", file: name,
            remedy: "a complete file is needed")
        }
        guard output.count + made <= limit else {
          throw MediaError("the gzip file holds more than \(limit) bytes", file: name)
        }
        output.append(contentsOf: buffer[0..<made])
      } while status != Z_STREAM_END
    }
    return output
  }
}
