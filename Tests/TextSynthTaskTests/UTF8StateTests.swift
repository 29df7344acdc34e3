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

  /// Every two bytes, and every third and fourth that could matter.
  @Test func knowsEveryValidText() {
    let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF]
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        #expect(isValid([first, second]) == (String(validating: [first, second], as: UTF8.self) != nil))
      }
      for second in edges {
        for third in edges {
          let three = [first, second, third]
          #expect(isValid(three) == (String(validating: three, as: UTF8.self) != nil), "\(three)")
          for fourth in edges {
            let four = three + [fourth]
            #expect(isValid(four) == (String(validating: four, as: UTF8.self) != nil), "\(four)")
          }
        }
      }
    }
  }

  @Test func charactersEndInTime() {
    var state = UTF8State()
    #expect(state.allows(0x41, within: 1) && !state.allows(0xC3, within: 1) && state.allows(0xC3, within: 2))
    #expect(!state.allows(0xF0, within: 3) && state.allows(0xF0, within: 4))
    state.take(0xC3)
    #expect(!state.isWhole && state.allows(0xA9, within: 1) && !state.allows(0x41, within: 5))
  }
}
