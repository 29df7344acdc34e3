internal import Foundation
internal import PipelineCore
internal import Torch

/// A file of weights of this task, whatever it is of.
enum SoundFile: Sendable {
  case words(WordsModel)
  case voices(VoicesModel)
  case vocoder(Vocoder)
  case notes(NotesModel)
  case judge(SoundJudge)

  enum Kind: String {
    case words = "audio-synth-wavenet"
    case voices = "audio-synth-voices"
    case vocoder = "audio-synth-vocoder"
    case notes = "audio-synth-notes"
    case judge = "audio-synth-judge"
  }

  /// What a file is of; nil for one that is missing, broken, or not of this task.
  static func kind(of file: URL) -> Kind? {
    (try? Safetensors.readHeader(of: file))?.metadata["architecture"].flatMap(Kind.init)
  }

  init(contentsOf file: URL) throws {
    switch Self.kind(of: file) {
    case .voices: self = .voices(try VoicesModel(contentsOf: file))
    case .vocoder: self = .vocoder(try Vocoder(contentsOf: file))
    case .notes: self = .notes(try NotesModel(contentsOf: file))
    case .judge: self = .judge(try SoundJudge(contentsOf: file))
    // The error for files of no kind is that of a model of words.
    case .words, nil: self = .words(try WordsModel(contentsOf: file))
    }
  }
}

extension AudioSynth {
  /// The first model of that kind.
  /// - Throws: `PipelineError` of kind `.usage` where the specification has none, all of its files being readable.
  static func entry(of kind: SoundFile.Kind, _ specification: Specification) throws -> Specification.Model {
    guard let entry = specification.models.first(where: { SoundFile.kind(of: $0.weights) == kind }) else {
      try checkReadable(specification)
      let work =
        switch kind {
        case .words, .voices: "says words"
        case .vocoder: "makes sound of spectrograms"
        case .notes: "plays notes"
        case .judge: "judges"
        }
      throw PipelineError.usage(
        "no model of the specification \(work); those are \(specification.models.map(\.name).joined(separator: ", "))"
      )
    }
    return entry
  }

  /// The model of that name, or, where that is only the default and makes other sounds, the first that makes those.
  /// - Parameter isGiven: whether the user named it.
  static func entry(
    _ name: String, isGiven: Bool, for asked: AskedSound, _ specification: Specification
  ) throws -> Specification.Model {
    let entry = try specification.model(named: name)
    let wanted: [SoundFile.Kind] =
      switch asked.kind {
      case .words: [.voices, .words]
      case .notes: [.notes]
      case .recording: [.vocoder]
      }
    let kind = SoundFile.kind(of: entry.weights)
    if let kind, wanted.contains(kind) { return entry }
    if kind == .judge { throw onlyJudges(entry, specification) }
    // A file that cannot be read says so itself.
    if kind == nil, isGiven || asked.kind == .words { return entry }
    guard asked.kind != .words, !isGiven else {
      let right = specification.models.filter {
        SoundFile.kind(of: $0.weights).map(wanted.contains) ?? false
      }.map(\.name)
      throw PipelineError.usage(
        "model '\(name)' does not make what \(asked.option.map { "\($0) asks for" } ?? "is asked for"); "
          + (right.isEmpty
            ? "no model of the specification does" : "\(right.joined(separator: ", ")) would be right"))
    }
    return try Self.entry(of: wanted[0], specification)
  }

  /// - Throws: for weights of no kind, which may be those that are missed, why they cannot be read.
  static func checkReadable(_ specification: Specification) throws {
    for entry in specification.models where SoundFile.kind(of: entry.weights) == nil {
      _ = try SoundFile(contentsOf: entry.weights)
    }
  }

  static func onlyJudges(_ entry: Specification.Model, _ specification: Specification) -> PipelineError {
    let others = specification.models.map(\.name).filter { $0 != entry.name }
    return .usage(
      "model '\(entry.name)' only judges in 'evaluate'; \(others.joined(separator: ", ")) would be right")
  }
}
