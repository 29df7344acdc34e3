internal import Foundation
internal import PipelineCore

/// What a user asks to hear.
struct AskedSound {
  enum Kind { case words, notes, recording }

  let kind: Kind
  let speaker: String?
  let instrument: String?
  private let note: String?
  private let scoreFile: String?
  /// The recording whose spectrogram is to be heard again.
  let mel: String?

  static let modelOption = OptionDescription.text(
    "model", default: "voices",
    help: "the model, by its name in the specification; --note, --score and --mel find theirs")

  static let options: [OptionDescription] = [
    modelOption,
    .text(
      "speak", default: "", help: "the words, such as \"4 2 7\"; three are drawn from P(words) unless given"),
    .text("speaker", default: "", help: "the voice; drawn unless given"),
    .text("note", default: "", help: "a note, such as C4 or F#3, of a model of notes; middle C is C4"),
    .text("instrument", default: "", help: "what plays notes; drawn unless given"),
    .number("seconds", in: 0.05...86_400, default: 2, help: "how long a --note is held"),
    .integer(
      "velocity", in: 1...127, default: 90, help: "how hard keys go down, where a --score does not say it"),
    .text(
      "score", default: "", help: "a melody: a MIDI file, or a text with lines such as 'C4 1' (note, beats)"),
    .text("mel", default: "", help: "a recording, to be made again of its mel spectrogram by the vocoder"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; draw i of a seed is always the same"),
    .integer("count", in: 1...1000, default: 1, help: "how many draws"),
    .integer("first", in: 0...1_000_000_000, default: 0, help: "index of the first draw"),
    .number(
      "temperature", in: 0...2, default: 1, help: "below 1: nearer to what is most probable, and duller"),
    .number(
      "top-p", in: 0.01...1, default: 1,
      help: "draw each sample from the most probable levels that have this share together"),
    .number("gap", in: 0...10, default: 0.12, help: "seconds of silence between words"),
    .choice(
      "precision", of: ["int8", "float32"], default: "int8",
      help: "of the products: int8 is several times as fast, where the model has what it takes"),
    .text("spectrogram", default: "", help: "a PNG file for the power of the sound by time and frequency"),
    .choice(
      "format", of: ["wav", "flac", "ogg"], default: "wav", help: "of the file; the ending of -o says it"),
  ]

  /// - Throws: `PipelineError` of kind `.usage` for options that exclude one another.
  init(_ options: Options) throws {
    func given(_ name: String) -> String? {
      let text = options.text(name)
      return text.isEmpty ? nil : text
    }
    speaker = given("speaker")
    instrument = given("instrument")
    note = given("note")
    scoreFile = given("score")
    mel = given("mel")
    let groups: [(kind: Kind, names: [String])] = [
      (.words, ["speak", "speaker"]), (.notes, ["note", "instrument", "score"]), (.recording, ["mel"]),
    ]
    let asked = groups.compactMap { group -> (kind: Kind, name: String)? in
      group.names.first { given($0) != nil }.map { (group.kind, $0) }
    }
    guard asked.count <= 1 else {
      throw PipelineError.usage(
        "--\(asked[0].name) and --\(asked[1].name) ask for different sounds; one of them would be right")
    }
    kind = asked.first?.kind ?? .words
    if let note, let scoreFile {
      throw PipelineError.usage(
        "--note is '\(note)' and --score is '\(scoreFile)'; one of them would be right")
    }
  }

  /// The words, where they are said by option, or as the input.
  /// - Throws: `PipelineError` of kind `.usage` for both.
  static func words(_ options: Options, _ text: String) throws -> String? {
    let given = [options.text("speak"), text.trimmingCharacters(in: .whitespacesAndNewlines)].filter {
      !$0.isEmpty
    }
    guard given.allSatisfy({ $0 == given[0] }) else {
      throw PipelineError.usage(
        "--speak is '\(given[0])', but '\(given[1])' was given as well; one would be right")
    }
    return given.first
  }

  /// The notes: those of the file, or the one that is named, C4 unless it is.
  func score(_ notes: Notes, seconds: Double) throws -> Score {
    if let scoreFile {
      let score = try Score(contentsOf: URL(fileURLWithPath: scoreFile))
      for note in score.notes { try notes.check(note.pitch, from: scoreFile) }
      return score
    }
    let name = note ?? "C4"
    guard let pitch = Score.pitch(name) else {
      throw PipelineError.usage("--note is '\(name)'; a name such as C4, F#3 or Bb5 would be right")
    }
    try notes.check(pitch, from: "--note \(name)")
    return Score([.init(start: 0, held: seconds, pitch: pitch)])
  }
}
