import Testing

@testable import TextSynthTask

/// The automaton against Swift's own validation.
struct UTF8StateTests {
  private func isValid(_ bytes: [UInt8]) -> Bool {
    var state = UTF8State()
    for byte in bytes {
      guard state.allows(byte) else { return false }
      state.take(byte)
    }
    return state.isWhole
  }

  /// Every two bytes, and every third and fourth that could matter behind the firsts that could.
  @Test func knowsEveryValidText() {
    let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF]
    let firsts: [UInt8] = [
      0x41, 0x80, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5,
    ]
    let all = UInt8.min...UInt8.max
    let two = all.flatMap { first in all.map { [first, $0] } }
    let three = firsts.flatMap { first in edges.flatMap { second in edges.map { [first, second, $0] } } }
    let four = three.flatMap { bytes in edges.map { bytes + [$0] } }
    let texts = two + three + four
    let wrong = texts.filter { isValid($0) != (String(validating: $0, as: UTF8.self) != nil) }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    #expect(texts.count { isValid($0) } > 16_384)
  }

  @Test func charactersEndInTime() {
    var state = UTF8State()
    #expect(state.allows(0x41, within: 1) && !state.allows(0xC3, within: 1) && state.allows(0xC3, within: 2))
    #expect(!state.allows(0xF0, within: 3) && state.allows(0xF0, within: 4))
    state.take(0xC3)
    #expect(!state.isWhole && state.allows(0xA9, within: 1) && !state.allows(0x41, within: 5))
  }
}
