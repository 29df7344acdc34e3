internal import Foundation
internal import MediaIO
internal import PipelineCore

/// What a user asks to hear.
struct AskedSound {
  enum Kind { case words, notes, recording }

  let kind: Kind
  /// The option that asks for it, such as `--note`; nil where none does.
  let option: String?
  let speaker: String?
  let instrument: String?
  private let note: String?
  private let scoreFile: String?
  private let mel: String?

  static let modelOption = OptionDescription.text(
    "model", default: "voices",
    help: "the model, by its name in the specification; --note, --score and --mel find theirs")

  private static let lastIndex = 1_000_000_000

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
      "score", default: "",
      help: "a melody: a MIDI file, or a text with lines such as 'C4 1' (note, beats); - for standard input"),
    .text(
      "mel", default: "",
      help: "a recording, to be made again of its mel spectrogram by the vocoder; - for standard input"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; draw i of a seed is always the same"),
    .integer("count", in: 1...1000, default: 1, help: "how many draws"),
    .integer("first", in: 0...lastIndex, default: 0, help: "index of the first draw"),
    .number(
      "temperature", in: -1...2, default: -1,
      help: "below 1: nearer to what is most probable, and duller; -1 for the model's own"),
    .number(
      "top-p", in: 0.01...1, default: 1,
      help: "draw each sample from the most probable levels that have this share together"),
    .number("gap", in: 0...10, default: 0.12, help: "seconds of silence between words"),
    .choice(
      "precision", of: ["int8", "float32"], default: "int8",
      help: "of the products: int8 is several times as fast, where the model has what it takes"),
    .text(
      "spectrogram", default: "",
      help: "a PNG file for the power of the sound by time and frequency; a folder for a file of each sound"),
    .choice(
      "format", of: ["wav", "flac", "ogg"], default: "wav",
      help:
        "of the file; the ending of -o says it; FLAC to standard output goes without an MD5 of its samples"
    ),
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
    option = asked.first.map { "--\($0.name)" }
    if let note, let scoreFile {
      throw PipelineError.usage(
        "--note is '\(note)' and --score is '\(scoreFile)'; one of them would be right")
    }
  }

  /// The words, where they are said by option, or as the input.
  /// - Throws: `PipelineError` of kind `.usage` for both.
  static func words(_ options: Options, _ text: String) throws -> String? {
    let given = [
      options.text("speak"), text.withoutByteOrderMark.trimmingCharacters(in: .whitespacesAndNewlines),
    ].filter {
      !$0.isEmpty
    }
    guard given.allSatisfy({ $0 == given[0] }) else {
      throw PipelineError.usage(
        "--speak is '\(given[0])', but '\(given[1])' was given as well; one would be right")
    }
    return given.first
  }

  /// The draws that are asked for.
  /// - Throws: `PipelineError` of kind `.usage` for indices that could not be asked for one by one.
  static func indices(_ options: Options) throws -> Range<Int> {
    let (first, count) = (options.integer("first"), options.integer("count"))
    guard first + count - 1 <= lastIndex else {
      throw PipelineError.usage(
        "--first is \(first) and --count is \(count); the last draw's index is at most \(lastIndex)")
    }
    return first..<first + count
  }

  /// - Throws: `PipelineError` of kind `.usage` for words beside what is not said.
  func checkNoWords(_ text: String) throws {
    let words = text.withoutByteOrderMark.trimmingCharacters(in: .whitespacesAndNewlines)
    guard words.isEmpty else {
      throw PipelineError.usage(
        "'\(words.prefix(40))' is to be said, but \(option ?? "the model") asks for another sound; "
          + "one of them would be right")
    }
  }

  /// A file that was named, `-` being standard input.
  struct File {
    let data: Data
    let name: String
    /// Of the option that named it, and of its contents.
    let input: NamedInput

    fileprivate init(_ path: String, _ option: String) throws {
      name = path == "-" ? "standard input" : URL(fileURLWithPath: path).relativePath
      data = try path == "-" ? StandardStreams.read() : FileBytes.read(URL(fileURLWithPath: path))
      guard !data.isEmpty else { throw PipelineError.data("\(name) is empty; --\(option) needs a file") }
      input = NamedInput(option: option, sha256: Digest.sha256(data))
    }
  }

  /// A file that decides what is heard, as provenance names it.
  struct NamedInput: Sendable, Equatable {
    let option: String
    let sha256: String
  }

  /// The recording whose spectrogram is to be heard again.
  func recording() throws -> File { try File(mel ?? "", "mel") }

  /// The notes: those of the file, or the one that is named, C4 unless it is.
  func score(_ notes: Notes, seconds: Double) throws -> (score: Score, input: NamedInput?) {
    if let scoreFile {
      let file = try File(scoreFile, "score")
      let score = try Score(file.data, name: file.name)
      for note in score.notes {
        do { try notes.check(note.pitch, from: file.name) } catch let error as PipelineError {
          // A fault of the file, not of the command.
          throw PipelineError.data(error.description)
        }
      }
      return (score, file.input)
    }
    let name = note ?? "C4"
    guard let pitch = Score.pitch(name) else {
      throw PipelineError.usage("--note is '\(name)'; a name such as C4, F#3 or Bb5 would be right")
    }
    try notes.check(pitch, from: "--note \(name)")
    return (Score([.init(start: 0, held: seconds, pitch: pitch)]), nil)
  }
}
