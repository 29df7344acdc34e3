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

  /// Longest time that a key is held, and of all, in seconds; most notes; most bytes of their file.
  static let (longestNote, longest, mostNotes, mostBytes) = (60.0, 86_400.0, 100_000, 1 << 26)
  /// Beats a minute.
  private static let tempos = 1.0...1000

  /// - Throws: as `init(_:name:)`.
  init(contentsOf file: URL) throws {
    try self.init(FileBytes.read(file, limit: Self.mostBytes), name: file.relativePath)
  }

  /// Reads a MIDI file, or a text of lines such as `C4 1` (a note and its beats), `C4+E4+G4 2` (a chord), `R 1` (a rest),
  /// `tempo 90` (beats a minute, 120 at first), and `# …`.
  /// - Throws: `PipelineError` of kind `.data` that names the line; `MediaError` for a broken MIDI file.
  init(_ data: Data, name: String) throws {
    guard data.count <= Self.mostBytes else {
      throw PipelineError.data("\(name) holds \(data.count) bytes; a score has at most \(Self.mostBytes)")
    }
    if data.prefix(4) == Data("MThd".utf8) {
      let file = try MIDIFile(data, name: name)
      guard !file.notes.isEmpty || !file.hasPercussion else {
        throw PipelineError.data(
          "\(name) has nothing but percussion (channel 10), which is left out; notes of other channels would be right"
        )
      }
      notes = file.notes.map {
        Note(start: $0.start, held: $0.seconds, pitch: $0.pitch, velocity: $0.velocity)
      }
    } else {
      notes = try Self.notes(String(pipe: data, name: name).withoutByteOrderMark, name)
    }
    guard (1...Self.mostNotes).contains(notes.count) else {
      throw PipelineError.data(
        "\(name) has \(notes.count) notes; 1 to \(Self.mostNotes) would be right")
    }
    if let long = notes.first(where: { !($0.held <= Self.longestNote) }) {
      throw PipelineError.data(
        "\(name): the note at \(long.start) s is held for \(long.held) s; at most \(Self.longestNote) s would be right"
      )
    }
    if let late = notes.first(where: { !($0.start + $0.held <= Self.longest) }) {
      throw PipelineError.data(
        "\(name): a note begins at \(late.start) s; a score of at most \(Int(Self.longest)) s would be right")
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
      func wrong(
        _ right: String = "a line such as 'C4 1', 'C4+E4 0.5', 'R 2' or 'tempo 90' would be right"
      ) -> PipelineError {
        .data("\(name):\(index + 1): '\(line.prefix(40))'; \(right)")
      }
      guard words.count == 2, let number = Double(words[1]), number.isFinite, number > 0, number <= 10_000
      else {
        throw wrong()
      }
      if first.lowercased() == "tempo" {
        guard tempos.contains(number) else {
          throw wrong("a tempo of 1 to 1000 beats a minute would be right")
        }
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
      guard time <= longest else {
        throw wrong("it ends after \(time) s, and at most \(Int(longest)) s would be right")
      }
      guard notes.count <= mostNotes else { throw wrong("at most \(mostNotes) notes would be right") }
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
