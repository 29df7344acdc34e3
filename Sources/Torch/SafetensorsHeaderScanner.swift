/// A strict scanner of the one JSON object that heads a safetensors file.
///
/// General JSON parsers keep one of two equal keys in silence, and nest as deep as the input says; this grammar is
/// of fixed depth, so the scanner neither recurses nor guesses.
struct SafetensorsHeaderScanner {
  let bytes: [UInt8]
  let name: String
  private var position = 0

  /// - Parameter bytes: valid UTF-8.
  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  typealias Entry = SafetensorsHeader.Entry

  /// The whole header; nothing but white space may follow it.
  mutating func header() throws -> (entries: [String: Entry], metadata: [String: String]) {
    var entries: [String: Entry] = [:]
    var metadata: [String: String]?
    guard bytes.first == UInt8(ascii: "{") else { throw wrong("a JSON object that begins with '{'") }
    try object { scanner, key in
      if key == SafetensorsHeader.metadataKey {
        guard metadata == nil else { throw scanner.duplicate(key) }
        metadata = try scanner.texts()
      } else {
        guard entries[key] == nil else { throw scanner.duplicate(key) }
        entries[key] = try scanner.entry(key)
      }
    }
    skipSpaces()
    guard position == bytes.count else { throw wrong("nothing but spaces after the object") }
    return (entries, metadata ?? [:])
  }

  private mutating func texts() throws -> [String: String] {
    var texts: [String: String] = [:]
    try object { scanner, key in
      guard texts[key] == nil else { throw scanner.duplicate(key) }
      scanner.skipSpaces()
      guard scanner.peek == UInt8(ascii: "\"") else {
        throw FormatError(
          in: "\(scanner.name), metadata \(FormatError.quoted(key))", "its value is no string",
          expected: "strings only in the metadata")
      }
      texts[key] = try scanner.string()
    }
    return texts
  }

  private mutating func entry(_ key: String) throws -> Entry {
    let subject = "\(name), tensor \(FormatError.quoted(key))"
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { scanner, field in
      switch field {
      case "dtype":
        guard type == nil else { throw scanner.duplicate(field) }
        type = try scanner.string()
      case "shape":
        guard shape == nil else { throw scanner.duplicate(field) }
        shape = try scanner.integers(of: "shape", subject)
      case "data_offsets":
        guard offsets == nil else { throw scanner.duplicate(field) }
        offsets = try scanner.integers(of: "data_offsets", subject)
      default:
        throw FormatError(
          in: subject, "unknown field \(FormatError.quoted(field))", expected: "dtype, shape and data_offsets"
        )
      }
    }
    guard let type, let shape, let offsets else {
      throw FormatError(in: subject, "a field is missing", expected: "dtype, shape and data_offsets")
    }
    guard let dtype = DType(safetensorsName: type) else {
      let known = DType.allCases.map(\.safetensorsName).joined(separator: ", ")
      throw FormatError(in: subject, "unknown dtype \(FormatError.quoted(type))", expected: "one of \(known)")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw FormatError(
        in: subject, "data_offsets are \(FormatError.listed(offsets))",
        expected: "two numbers, the first not above the second")
    }
    let size = try HostArray.byteCount(dtype: dtype, shape: shape, subject: subject)
    guard offsets[1] - offsets[0] == size else {
      throw FormatError(
        in: subject, "data_offsets span \(offsets[1] - offsets[0]) bytes",
        expected: "\(size) for shape \(FormatError.listed(shape)) of \(type)")
    }
    return Entry(dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }

  // MARK: Tokens

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpaces() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw wrong("'\(character)'") }
  }

  private mutating func object(_ member: (inout Self, String) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  private mutating func integers(of field: String, _ subject: String) throws -> [Int] {
    var values: [Int] = []
    try expect("[")
    if take("]") { return values }
    repeat {
      skipSpaces()
      let start = position
      while let byte = peek, !",] \n\r\t".utf8.contains(byte) { position += 1 }
      let token = bytes[start..<position]
      guard token.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        token.count == 1 || token.first != UInt8(ascii: "0"),
        let value = Int(String(decoding: token, as: UTF8.self))
      else {
        let found = FormatError.quoted(String(decoding: token, as: UTF8.self))
        throw FormatError(
          in: subject, "\(field) holds \(found)", expected: "whole numbers from 0 to 2^63 - 1")
      }
      values.append(value)
    } while take(",")
    try expect("]")
    return values
  }

  private mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape().utf8)
      case 0..<0x20: throw wrong("no bare control character in a string")
      default: text.append(byte)
      }
    }
    throw wrong("'\"' at the end of a string")
  }

  private mutating func escape() throws -> String {
    guard let byte = peek else { throw wrong("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      if let scalar = UnicodeScalar(unit) { return String(scalar) }
      guard unit < 0xDC00, bytes.dropFirst(position).starts(with: [0x5C, 0x75]) else {
        throw wrong("surrogates in pairs")
      }
      position += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low),
        let scalar = UnicodeScalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      else { throw wrong("surrogates in pairs") }
      return String(scalar)
    default: throw wrong("an escape of JSON")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    let digits = bytes.dropFirst(position).prefix(4)
    let isHexadecimal = digits.allSatisfy { UnicodeScalar($0).properties.isASCIIHexDigit }
    guard digits.count == 4, isHexadecimal,
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw wrong("four hexadecimal digits") }
    position += 4
    return value
  }

  private func wrong(_ expected: String) -> FormatError {
    FormatError(in: name, "its header is broken at byte \(position)", expected: expected)
  }

  private func duplicate(_ key: String) -> FormatError {
    FormatError(in: name, "its header names \(FormatError.quoted(key)) twice", expected: "each name once")
  }
}
