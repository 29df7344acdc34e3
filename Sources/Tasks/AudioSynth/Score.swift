internal import Foundation
internal import MediaIO
internal import PipelineCore

/// Notes in time.
struct Score: Sendable, Equatable {
  struct Note: Sendable, Equatable {
    /// Seconds from the beginning.
    var start: Double
    /// Seconds until the key goes up.
    var held: Double
    /// MIDI number; 69 is the A of 440 Hz.
    var pitch: Int
    /// 0…127; nil where nothing is said of it.
    var velocity: Int?
  }

  /// By their start.
  var notes: [Note]

  /// Longest time that a key is held, and most notes.
  static let (longestNote, mostNotes) = (60.0, 100_000)

  /// Reads a MIDI file, or a text of lines such as `C4 1` (a note and its beats), `C4+E4+G4 2` (a chord), `R 1` (a rest),
  /// `tempo 90` (beats a minute, 120 at first), and `# …`.
  /// - Throws: `PipelineError` of kind `.data` that names the line; `MediaError` for a broken MIDI file.
  init(contentsOf file: URL) throws {
    let name = file.relativePath
    let data = try FileBytes.read(file)
    if data.prefix(4) == Data("MThd".utf8) {
      notes = try MIDIFile(data, name: name).notes.map {
        Note(start: $0.start, held: $0.seconds, pitch: $0.pitch, velocity: $0.velocity)
      }
    } else {
      guard let text = String(validating: data, as: UTF8.self) else {
        throw PipelineError.data("\(name) is neither a MIDI file nor a text")
      }
      notes = try Self.notes(text, name)
    }
    guard (1...Self.mostNotes).contains(notes.count) else {
      throw PipelineError.data(
        "\(name) has \(notes.count) notes; 1 to \(Self.mostNotes) would be right")
    }
    if let long = notes.first(where: { $0.held > Self.longestNote }) {
      throw PipelineError.data(
        "\(name): the note at \(long.start) s is held for \(long.held) s; at most \(Self.longestNote) s would be right"
      )
    }
  }

  init(_ notes: [Note]) { self.notes = notes }

  private static func notes(_ text: String, _ name: String) throws -> [Note] {
    var (time, tempo): (Double, Double) = (0, 120)
    var notes: [Note] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      func wrong() -> PipelineError {
        .data(
          "\(name):\(index + 1): '\(line.prefix(40))'; a line such as 'C4 1', 'C4+E4 0.5', 'R 2' or 'tempo 90' would be right"
        )
      }
      guard words.count == 2, let number = Double(words[1]), number.isFinite, number > 0, number <= 10_000
      else {
        throw wrong()
      }
      if first.lowercased() == "tempo" {
        tempo = number
        continue
      }
      let held = number * 60 / tempo
      if first.uppercased() != "R" {
        for part in first.split(separator: "+", omittingEmptySubsequences: false) {
          guard let pitch = pitch(String(part)) else { throw wrong() }
          notes.append(Note(start: time, held: held, pitch: pitch))
        }
      }
      time += held
    }
    return notes
  }

  /// The MIDI number of `C4`, `F#3`, `Bb5` (middle C is C4), or of a number from 0 to 127.
  static func pitch(_ name: String) -> Int? {
    if let number = Int(name) { return (0...127).contains(number) ? number : nil }
    let steps: [Character: Int] = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11]
    guard let letter = name.first, let step = steps[Character(letter.uppercased())] else { return nil }
    var rest = name.dropFirst()
    var shift = 0
    while let sign = rest.first, "#♯b♭".contains(sign) {
      shift += "#♯".contains(sign) ? 1 : -1
      rest = rest.dropFirst()
    }
    guard let octave = Int(rest), (-1...9).contains(octave) else { return nil }
    let pitch = 12 * (octave + 1) + step + shift
    return (0...127).contains(pitch) ? pitch : nil
  }

  /// `C4` of 60.
  static func name(_ pitch: Int) -> String {
    let names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    return "\(names[pitch % 12])\(pitch / 12 - 1)"
  }
}
