internal import Foundation

/// What a safetensors file says about itself before its data: names, types, shapes and texts.
public struct SafetensorsHeader: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public let dtype: DType
    public let shape: [Int]
    /// Bytes of the tensor, counted from the first byte after the header.
    public let range: Range<Int>
  }

  public let metadata: [String: String]
  public let entries: [String: Entry]
  /// Bytes before the data: the length's eight and the header itself.
  public let size: Int

  /// The entries' names in the order of their UTF-8.
  public var names: [String] { entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// Longest header that is read, as in the reference implementation.
  static let lengthLimit = 100_000_000
  static let metadataKey = "__metadata__"

  /// - Parameters:
  ///   - data: the start of the file, at least up to the end of the header.
  ///   - fileSize: bytes of the whole file.
  ///   - name: what to call the file in messages.
  /// - Throws: `FormatError` for a header that is malformed, or whose tensors do not fill the file exactly.
  init(data: Data, fileSize: Int, name: String) throws {
    let length = try Self.length(data: data, fileSize: fileSize, name: name)
    guard data.count >= 8 + length else {
      throw FormatError(in: name, "it ends inside its header", expected: "\(length) bytes of header")
    }
    let bytes = [UInt8](data.dropFirst(8).prefix(length))
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw FormatError(in: name, "its header is not UTF-8", expected: "JSON in UTF-8")
    }
    var scanner = SafetensorsHeaderScanner(bytes: bytes, name: name)
    (entries, metadata) = try scanner.header()
    size = 8 + length
    try Self.checkRanges(entries, dataSize: fileSize - size, name: name)
  }

  /// The header's length, read from the first eight bytes.
  static func length(data: Data, fileSize: Int, name: String) throws -> Int {
    guard data.count >= 8 else {
      throw FormatError(
        in: name, "it has \(data.count) bytes", expected: "a safetensors file, 8 bytes at least")
    }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(max(fileSize - 8, 0)) else {
      throw FormatError(
        in: name, "its header claims \(length) bytes", expected: "at most the \(fileSize - 8) that follow")
    }
    guard length <= UInt64(lengthLimit) else {
      throw FormatError(in: name, "its header claims \(length) bytes", expected: "at most \(lengthLimit)")
    }
    return Int(length)
  }

  /// The tensors must cover the data without overlap, hole or rest: nothing can then hide between them.
  private static func checkRanges(_ entries: [String: Entry], dataSize: Int, name: String) throws {
    var end = 0
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < (
        $1.value.range.lowerBound, $1.value.range.upperBound
      )
    }
    for (key, entry) in ordered {
      let subject = "\(name), tensor \(FormatError.quoted(key))"
      let (begin, next) = (entry.range.lowerBound, entry.range.upperBound)
      guard next <= dataSize else {
        throw FormatError(
          in: subject, "it ends at byte \(next)", expected: "at most the \(dataSize) bytes of data")
      }
      guard begin >= end else {
        throw FormatError(
          in: subject, "it begins at byte \(begin), inside another tensor", expected: "byte \(end)")
      }
      guard begin == end else {
        throw FormatError(in: subject, "it begins at byte \(begin), after a hole", expected: "byte \(end)")
      }
      end = next
    }
    guard end == dataSize else {
      throw FormatError(
        in: name, "\(dataSize - end) trailing bytes belong to no tensor", expected: "\(end) bytes of data")
    }
  }
}

extension SafetensorsHeader {
  /// The header as the reference implementation writes it: metadata first, no spaces between tokens, padded by
  /// spaces to a multiple of eight bytes, preceded by its length.
  static func encoded(metadata: [String: String], entries: [(name: String, entry: Entry)]) -> Data {
    var parts: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(json($0.key)):\(json($0.value))" }
      parts.append("\"\(metadataKey)\":{\(texts.joined(separator: ","))}")
    }
    for (name, entry) in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(json(name)):{\"dtype\":\"\(entry.dtype.safetensorsName)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)]}")
    }
    var text = Data("{\(parts.joined(separator: ","))}".utf8)
    text.append(Data(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
  }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case ..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
