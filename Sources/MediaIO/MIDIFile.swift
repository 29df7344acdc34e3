public import Foundation

/// The notes of a Standard MIDI File of format 0 or 1 (MIDI 1.0 specification, "Standard MIDI Files").
///
/// Own code, for there is no well-kept library in C that reads these files and nothing else. Percussion (channel 10) is
/// left out; of the rest, all tracks and channels are heard together.
public struct MIDIFile: Sendable, Equatable {
  public struct Note: Sendable, Equatable {
    /// Seconds from the beginning, and until the key goes up.
    public var start: Double
    public var seconds: Double
    public var pitch: Int
    public var velocity: Int
  }

  /// By their start, then by pitch.
  public let notes: [Note]
  /// Whether there is percussion, which was left out.
  public let hasPercussion: Bool

  private static let percussion: UInt8 = 9

  /// - Throws: ``MediaError`` for a file that is cut short, broken, or of another format.
  public init(_ data: Data, name: String) throws {
    var reader = MIDIReader(bytes: [UInt8](data), name: name)
    guard try reader.text(4) == "MThd", case let length = try reader.number(4), length >= 6 else {
      throw reader.broken("no header")
    }
    let format = try reader.number(2)
    let tracks = try reader.number(2)
    let division = try reader.number(2)
    guard format <= 1, division > 0, division < 0x8000 else {
      throw MediaError(
        "a MIDI file of format \(format), division \(division)", file: name,
        remedy: "format 0 or 1 with ticks per beat is needed")
    }
    // The specification lets later versions add to the header.
    try reader.skip(length - 6)
    var events: [Event] = []
    for _ in 0..<tracks { events += try reader.track() }
    // Of equal times, keys go up first, so that a note can be struck again.
    let sorted = events.enumerated().sorted {
      ($0.element.tick, $0.element.order, $0.offset) < ($1.element.tick, $1.element.order, $1.offset)
    }.map(\.element)
    notes = Self.notes(sorted, division: division)
    hasPercussion = events.contains {
      if case .on(Self.percussion, _, _) = $0.kind { true } else { false }
    }
  }

  fileprivate struct Event {
    enum Kind {
      /// Microseconds of a beat.
      case tempo(Int)
      case off(channel: UInt8, pitch: Int)
      case on(channel: UInt8, pitch: Int, velocity: Int)
    }
    var tick: Int
    var kind: Kind

    var order: Int {
      switch kind {
      case .tempo: 0
      case .off: 1
      case .on: 2
      }
    }
  }

  private static func notes(_ events: [Event], division: Int) -> [Note] {
    var (time, tick, beat) = (0.0, 0, 500_000)
    var sounding: [[Int]: (start: Double, velocity: Int)] = [:]
    var notes: [Note] = []
    func end(_ key: [Int]) {
      guard let note = sounding.removeValue(forKey: key), time > note.start else { return }
      notes.append(
        Note(start: note.start, seconds: time - note.start, pitch: key[1], velocity: note.velocity))
    }
    for event in events {
      time += Double(event.tick - tick) * Double(beat) / 1e6 / Double(division)
      tick = event.tick
      switch event.kind {
      case .tempo(let microseconds): beat = microseconds
      case .off(let channel, let pitch): end([Int(channel), pitch])
      case .on(let channel, let pitch, let velocity):
        end([Int(channel), pitch])
        if channel != percussion { sounding[[Int(channel), pitch]] = (time, velocity) }
      }
    }
    // Keys that never go up end with the file.
    for key in sounding.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) { end(key) }
    return notes.sorted { ($0.start, $0.pitch) < ($1.start, $1.pitch) }
  }
}

private struct MIDIReader {
  let bytes: [UInt8]
  let name: String
  var position = 0

  func broken(_ what: String) -> MediaError {
    MediaError(
      "the MIDI file is broken at byte \(position): \(what)", file: name, remedy: "a complete file is needed")
  }

  mutating func byte() throws -> UInt8 {
    guard position < bytes.count else { throw broken("it ends here") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func number(_ count: Int) throws -> Int {
    try (0..<count).reduce(0) { value, _ in value << 8 | Int(try byte()) }
  }

  mutating func text(_ count: Int) throws -> String {
    String(decoding: try (0..<count).map { _ in try byte() }, as: UTF8.self)
  }

  mutating func skip(_ count: Int) throws {
    guard count <= bytes.count - position else { throw broken("\(count) bytes to pass over") }
    position += count
  }

  /// A quantity of variable length: at most four bytes of seven bits.
  mutating func quantity() throws -> Int {
    var value = 0
    for _ in 0..<4 {
      let next = try byte()
      value = value << 7 | Int(next & 0x7F)
      if next < 0x80 { return value }
    }
    throw broken("a number of more than four bytes")
  }

  mutating func track() throws -> [MIDIFile.Event] {
    var length = 0
    // Chunks of other kinds are passed over.
    while true {
      let kind = try text(4)
      length = try number(4)
      guard length <= bytes.count - position else { throw broken("a chunk of \(length) bytes") }
      if kind == "MTrk" { break }
      position += length
    }
    let end = position + length
    var (tick, running): (Int, UInt8) = (0, 0)
    var events: [MIDIFile.Event] = []
    while position < end {
      tick += try quantity()
      var status = try byte()
      if status < 0x80 {
        guard running >= 0x80 else { throw broken("data without a status") }
        position -= 1
        status = running
      }
      switch status {
      case 0xFF:
        let (type, count) = (try byte(), try quantity())
        guard count <= end - position else { throw broken("an event of \(count) bytes") }
        if type == 0x51, count == 3 {
          events.append(.init(tick: tick, kind: .tempo(max(1, try number(3)))))
        } else {
          position += count
        }
      case 0xF0, 0xF7:
        let count = try quantity()
        guard count <= end - position else { throw broken("an event of \(count) bytes") }
        position += count
      case 0xF1...:
        throw broken("an event of status \(status)")
      default:
        running = status
        let (channel, first) = (status & 0x0F, Int(try byte() & 0x7F))
        let second = (0xC0...0xDF).contains(status) ? 0 : Int(try byte() & 0x7F)
        if status & 0xF0 == 0x90, second > 0 {
          events.append(.init(tick: tick, kind: .on(channel: channel, pitch: first, velocity: second)))
        } else if status & 0xF0 == 0x90 || status & 0xF0 == 0x80 {
          events.append(.init(tick: tick, kind: .off(channel: channel, pitch: first)))
        }
      }
    }
    position = end
    return events
  }
}
