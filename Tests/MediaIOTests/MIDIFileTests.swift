import Foundation
import Testing

@testable import MediaIO

struct MIDIFileTests {
  /// A file of one track of these bytes, 100 ticks a beat.
  private func file(_ events: [UInt8], format: UInt8 = 0) -> Data {
    let track = events + [0, 0xFF, 0x2F, 0]
    return Data("MThd".utf8) + Data([0, 0, 0, 6, 0, format, 0, 1, 0, 100]) + Data("MTrk".utf8)
      + Data([0, 0, 0, UInt8(track.count)]) + Data(track)
  }

  @Test func notesAndTempo() throws {
    // A beat is a second. C4 for a beat; then, by running status, E4 for a beat and a half, ended by velocity 0.
    let midi = try MIDIFile(
      file([
        0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40, 0, 0x90, 60, 100, 100, 0x80, 60, 0, 0, 0x90, 64, 80, 0x81, 0x16,
        64, 0,
      ]), name: "x")
    #expect(
      midi.notes == [
        .init(start: 0, seconds: 1, pitch: 60, velocity: 100),
        .init(start: 1, seconds: 1.5, pitch: 64, velocity: 80),
      ])
  }

  /// Without a tempo a beat is half a second; it may change while a key is down.
  @Test func tempoChanges() throws {
    let midi = try MIDIFile(
      file([0, 0x91, 60, 1, 100, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40, 100, 0x81, 60, 0]), name: "x")
    #expect(midi.notes == [.init(start: 0, seconds: 1.5, pitch: 60, velocity: 1)])
  }

  @Test func whatIsNoNoteIsPassedOver() throws {
    // A program, a controller, a pitch bend, system exclusive bytes, a text; and a drum.
    let midi = try MIDIFile(
      file([
        0, 0xC0, 5, 0, 0xB0, 7, 100, 0, 0xE0, 0, 64, 0, 0xF0, 2, 1, 0xF7, 0, 0xFF, 1, 2, 65, 66, 0, 0x99, 40,
        90, 0,
        0x90, 72, 64, 50, 0x89, 40, 0,
      ]), name: "x")
    // Its key never goes up: it ends with the last event.
    #expect(midi.notes == [.init(start: 0, seconds: 0.25, pitch: 72, velocity: 64)])
  }

  /// Later versions of the format may say more in the header.
  @Test func longHeadersAreRead() throws {
    let short = file([0, 0x90, 60, 64, 100, 0x80, 60, 0])
    var long = short
    long.replaceSubrange(4..<8, with: [0, 0, 0, 9])
    long.insert(contentsOf: [1, 2, 3], at: 14)
    #expect(try MIDIFile(long, name: "x") == MIDIFile(short, name: "x"))
    for length: [UInt8] in [[0, 0, 0, 5], [0xFF, 0xFF, 0xFF, 0xFF]] {
      long.replaceSubrange(4..<8, with: length)
      #expect(throws: MediaError.self) { try MIDIFile(long, name: "x") }
    }
  }

  @Test func percussionIsNoticed() throws {
    let drums = try MIDIFile(file([0, 0x99, 40, 90, 50, 0x89, 40, 0]), name: "x")
    #expect(drums.notes.isEmpty && drums.hasPercussion)
    #expect(try !MIDIFile(file([0, 0x90, 60, 64, 100, 0x80, 60, 0]), name: "x").hasPercussion)
  }

  @Test func aKeyStruckAgainEndsAndBegins() throws {
    let midi = try MIDIFile(
      file([0, 0x90, 60, 64, 100, 0x90, 60, 65, 100, 0x80, 60, 0]), name: "x")
    #expect(midi.notes.map(\.start) == [0, 0.5] && midi.notes.map(\.seconds) == [0.5, 0.5])
  }

  @Test func brokenFilesAreRefused() throws {
    let whole = file([0, 0x90, 60, 64, 100, 0x80, 60, 0])
    for count in 0..<whole.count - 4 {
      #expect(throws: MediaError.self) { try MIDIFile(whole.prefix(count), name: "x") }
    }
    for events: [UInt8] in [
      [0, 60, 64], [0x80, 0x80, 0x80, 0x80, 0, 0x90], [0, 0xF4], [0, 0xFF, 1, 100, 1],
    ] {
      let error = try #require(throws: MediaError.self) { try MIDIFile(file(events), name: "x.mid") }
      #expect(error.description.contains("x.mid"))
    }
    #expect(throws: MediaError.self) { try MIDIFile(file([], format: 2), name: "x") }
  }
}
