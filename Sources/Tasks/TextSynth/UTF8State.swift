/// Which bytes keep a text valid UTF-8, byte by byte (The Unicode Standard 16, table 3-7).
struct UTF8State: Sendable, Equatable {
  /// Bytes that the present character still needs.
  private(set) var missing = 0
  /// What the next of them may be.
  private var next: ClosedRange<UInt8> = 0x80...0xBF

  init() {}

  /// Whether no character is begun.
  var isWhole: Bool { missing == 0 }

  func allows(_ byte: UInt8) -> Bool { missing > 0 ? next.contains(byte) : Self.length(byte) != nil }

  /// Whether a character that `byte` begins or goes on with can end within `room` bytes, itself among them.
  func allows(_ byte: UInt8, within room: Int) -> Bool {
    missing > 0 ? next.contains(byte) : Self.length(byte).map { $0 <= room } ?? false
  }

  /// - Precondition: the byte is allowed.
  mutating func take(_ byte: UInt8) {
    precondition(allows(byte), "byte \(byte) cannot stand here")
    if missing > 0 {
      missing -= 1
      next = 0x80...0xBF
      return
    }
    missing = (Self.length(byte) ?? 1) - 1
    // Neither longer forms than needed, nor surrogates, nor beyond U+10FFFF.
    next =
      switch byte {
      case 0xE0: 0xA0...0xBF
      case 0xED: 0x80...0x9F
      case 0xF0: 0x90...0xBF
      case 0xF4: 0x80...0x8F
      default: 0x80...0xBF
      }
  }

  /// Bytes of a character by its first; nil for a byte that begins none.
  private static func length(_ byte: UInt8) -> Int? {
    switch byte {
    case 0...0x7F: 1
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: nil
    }
  }
}
