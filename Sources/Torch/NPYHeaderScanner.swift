/// A strict scanner of the dictionary literal that heads an npy file. Nothing is evaluated.
struct NPYHeaderScanner {
  let text: [UInt8]
  let name: String
  private var position = 0

  init(text: [UInt8], name: String) {
    self.text = text
    self.name = name
  }

  mutating func header() throws -> (dtype: DType, shape: [Int], isFortranOrder: Bool) {
    var dtype: DType?
    var shape: [Int]?
    var isFortranOrder: Bool?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where dtype == nil: dtype = try elementType()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw wrong("the key \(FormatError.quoted(key))", "descr, fortran_order and shape, once each")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard position == text.count else { throw wrong("text after the dictionary", "spaces only") }
    guard let dtype, let shape, let isFortranOrder else {
      throw wrong("a key is missing", "descr, fortran_order and shape")
    }
    return (dtype, shape, isFortranOrder)
  }

  private mutating func elementType() throws -> DType {
    skipSpaces()
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw wrong("a structured type", "one number or bool an element, such as '<f4'")
    }
    let text = try string()
    if let type = DType(numpyDescription: text) { return type }
    let known = DType.allCases.compactMap(\.numpyDescription).joined(separator: ", ")
    if text.hasPrefix(">") {
      throw wrong("the big-endian type \(FormatError.quoted(text))", "one of \(known)")
    }
    if text.hasPrefix("|O") || text == "O" { throw wrong("Python objects", "one of \(known)") }
    throw wrong("the type \(FormatError.quoted(text))", "one of \(known)")
  }

  private mutating func boolean() throws -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where text.dropFirst(position).starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw wrong("fortran_order is no bool", "True or False")
  }

  private mutating func tuple() throws -> [Int] {
    var values: [Int] = []
    try expect("(")
    while !take(")") {
      skipSpaces()
      let digits = text.dropFirst(position).prefix { (0x30...0x39).contains($0) }
      guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
        throw wrong("the shape is no tuple of numbers", "whole numbers from 0 to 2^63 - 1")
      }
      position += digits.count
      values.append(value)
      guard values.count <= NPY.rankLimit else {
        throw wrong("too many dimensions", "at most \(NPY.rankLimit)")
      }
      if take(",") { continue }
      // `(3)` is a number in Python, not a tuple.
      guard values.count > 1, take(")") else {
        throw wrong("the shape is no tuple", "such as (3,) or (2, 3)")
      }
      break
    }
    return values
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

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
    guard take(character) else { throw wrong("it is broken", "'\(character)'") }
  }

  /// Names and types hold no escapes; one that does is no name that is known here.
  private mutating func string() throws -> String {
    skipSpaces()
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw wrong("it is broken", "a string")
    }
    let body = text.dropFirst(position + 1).prefix { $0 != quote }
    guard body.endIndex < text.endIndex else { throw wrong("a string does not end", "a closing quote") }
    position = body.endIndex + 1
    return String(decoding: body, as: UTF8.self)
  }

  private func wrong(_ problem: String, _ expected: String) -> FormatError {
    FormatError(in: "\(name), header byte \(position)", problem, expected: expected)
  }
}
