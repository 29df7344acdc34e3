import Foundation
import PipelineCore
import TestSupport
import Testing

@testable import AudioSynthTask

struct ScoreTests {
  private func score(_ text: String) throws -> Score {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("tune.txt")
    try Data(text.utf8).write(to: file)
    return try Score(contentsOf: file)
  }

  @Test func notesHaveNames() {
    let names = [
      "C4": 60, "a4": 69, "F#3": 54, "Bb5": 82, "B♭5": 82, "C-1": 0, "G9": 127, "61": 61, "E##2": 42,
    ]
    for (name, pitch) in names { #expect(Score.pitch(name) == pitch, "\(name)") }
    for name in ["", "H2", "C", "C4x", "G#9", "128", "-1", "C10", "4C"] { #expect(Score.pitch(name) == nil) }
    for pitch in 0...127 { #expect(Score.pitch(Score.name(pitch)) == pitch) }
  }

  @Test func linesAreNotes() throws {
    let found = try score("# a tune\ntempo 60\nC4 1\n\nR 0.5\nC4+E4 2\n  tempo 120\nG4 1\n")
    #expect(
      found.notes == [
        .init(start: 0, held: 1, pitch: 60), .init(start: 1.5, held: 2, pitch: 60),
        .init(start: 1.5, held: 2, pitch: 64), .init(start: 3.5, held: 0.5, pitch: 67),
      ])
  }

  @Test func wrongLinesAreNamed() throws {
    for line in ["C4", "C4 0", "C4 -1", "X4 1", "C4+ 1", "C4 1 2", "tempo x", "C4 nan", "C4 1e9"] {
      let error = try #require(throws: PipelineError.self) { try score("C4 1\n\(line)\n") }
      #expect(error.kind == .data && error.description.contains("tune.txt:2"), "\(line): \(error)")
    }
    for text in ["# none\n", "R 4\n", "tempo 10\nC4 20\n"] {
      #expect(throws: PipelineError.self) { try score(text) }
    }
  }

  /// Neither endless times nor empty ones, whatever numbers say.
  @Test func timesAreLimited() throws {
    let late = String(repeating: "R 10000\n", count: 9)
    for (text, line) in [
      ("tempo 1e-300\nC4 1\n", 1), ("tempo 0.9\nC4 1\n", 1), ("tempo 1001\nC4 1\n", 1),
      ("tempo 1e4\n", 1), ("tempo 1\nR 1441\nC4 1\n", 2), ("tempo 7\n\(late)C4 1\n", 3),
    ] {
      let error = try #require(throws: PipelineError.self) { try score(text) }
      #expect(error.kind == .data && error.description.contains("tune.txt:\(line):"), "\(error)")
    }
    #expect(try score("tempo 1\nC4 1\ntempo 1000\nC4 1\n").notes.map(\.start) == [0, 60])
    // A quantity of four bytes, many times, in the slowest tempo there is.
    let wait: [UInt8] = [0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 1, 0]
    let events: [UInt8] =
      [0, 0xFF, 0x51, 3, 0xFF, 0xFF, 0xFF] + Array([[UInt8]](repeating: wait, count: 9).joined())
      + [0, 0x90, 60, 100, 1, 0x80, 60, 0]
    let error = try #require(throws: PipelineError.self) { try Score(midi(events), name: "x.mid") }
    #expect(error.kind == .data && error.description.contains("x.mid: a note begins at"), "\(error)")
  }

  @Test func byteOrderMarksAreNoText() throws {
    #expect(try score("\u{FEFF}C4 1\n").notes == score("C4 1\n").notes)
    #expect(try score("\u{FEFF}# a tune\nC4 1\n").notes == score("C4 1\n").notes)
  }

  @Test func drumsAloneAreNoMelody() throws {
    let drums = midi([0, 0x99, 40, 90, 50, 0x89, 40, 0])
    let error = try #require(throws: PipelineError.self) { try Score(drums, name: "x.mid") }
    #expect(error.kind == .data && error.description.contains("x.mid has nothing but percussion"))
  }

  /// A file of one track.
  private func midi(_ events: [UInt8]) -> Data {
    let track = events + [0, 0xFF, 0x2F, 0]
    return Data("MThd".utf8) + Data([0, 0, 0, 6, 0, 0, 0, 1, 0, 1]) + Data("MTrk".utf8)
      + Data([0, 0, 0, UInt8(track.count)]) + Data(track)
  }

  @Test func midiIsRead() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("tune.mid")
    let track: [UInt8] = [0, 0x90, 60, 100, 100, 0x80, 60, 0, 0, 0xFF, 0x2F, 0]
    try
      (Data("MThd".utf8) + Data([0, 0, 0, 6, 0, 0, 0, 1, 0, 100]) + Data("MTrk".utf8)
      + Data([0, 0, 0, UInt8(track.count)]) + Data(track)).write(to: file)
    #expect(try Score(contentsOf: file).notes == [.init(start: 0, held: 0.5, pitch: 60, velocity: 100)])
  }
}
