internal import Foundation
internal import ModelEvaluation
public import PipelineCore

extension AudioSynth: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      .integer("limit", in: 10...1_000_000, default: 300, help: "evaluate: at most so many test recordings"),
      .integer("draws", in: 10...100_000, default: 300, help: "evaluate: so many draws are judged"),
      .number(
        "temperature", in: -1...2, default: -1, help: "evaluate: of the draws; -1 for the model's own"),
      .number("top-p", in: 0.01...1, default: 1, help: "evaluate: of the draws"),
    ]
  }

  /// A figure by the name of its column; those that a model has not are left out.
  typealias Figures = [Column: Double]

  enum Column: String, CaseIterable {
    case bits = "bits/sample"
    case bitsError = "bits/sample ±"
    case int8 = "more with int8"
    case recordings = "recordings scored"
    case word = "word (%)"
    case wordError = "word (%) ±"
    case voice = "speaker (%)"
    case voiceError = "speaker (%) ±"
    case abstains = "abstains at 1 % (%)"
    case drawnWord = "draws of the asked word (%)"
    case drawnWordError = "draws of the asked word (%) ±"
    case drawnVoice = "draws of the asked speaker (%)"
    case drawnVoiceError = "draws of the asked speaker (%) ±"
    case inTune = "notes within 10 cents (%)"
    case inTuneError = "notes within 10 cents (%) ±"
    case cents = "cents off, median"
    case speed = "times real time"

    var digits: Int {
      switch self {
      case .bits, .bitsError: 3
      case .int8: 4
      case .recordings: 0
      case .speed: 1
      default: 2
      }
    }
  }

  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    guard request.device == "cpu" else {
      throw PipelineError.usage(
        "--device is '\(request.device)', but this works on the CPU; 'cpu' would be right")
    }
    let entries =
      request.model == "all" ? specification.models : [try specification.model(named: request.model)]
    let judge = try judge(specification)
    let rows = try entries.map { entry -> EvaluationTable.Row in
      let figures: Figures =
        switch try SoundFile(contentsOf: entry.weights) {
        case .judge(let judge): try Self.figures(of: judge, request)
        case .words(let model): try Self.figures(of: model, entry, judge, request, specification)
        case .voices(let model):
          try Self.drawnFigures(
            Vocabulary(words: model.description.words, voices: model.description.voices), entry, judge,
            request,
            specification)
        case .vocoder(let model): try Self.figures(of: model, judge, request)
        case .notes(let model): try Self.figures(of: model, entry, request, specification)
        }
      return .init(entry.name, Column.allCases.map { figures[$0] })
    }
    return [
      EvaluationTable(
        subject: "model", columns: Column.allCases.map { (name: $0.rawValue, digits: $0.digits) }, rows: rows,
        isTransposed: true)
    ]
  }

  /// The judge of the specification; nil where it names none.
  /// - Throws: for a judge that cannot be read, or weights that may be a judge's, why.
  private func judge(_ specification: Specification) throws -> SoundJudge? {
    if let entry = specification.models.first(where: { SoundFile.kind(of: $0.weights) == .judge }) {
      return try SoundJudge(contentsOf: entry.weights)
    }
    // Otherwise its figures would be missing without a word.
    try Self.checkReadable(specification)
    return nil
  }

  static func share(_ hits: [Bool]) -> (mean: Double, standardError: Double) {
    let figure = meanWithError(hits.map { $0 ? 1 : 0 })
    return (figure.mean * 100, figure.standardError * 100)
  }

  /// `count` of them, evenly spread.
  static func spread<Element>(_ all: [Element], _ count: Int) -> [Element] {
    let count = min(count, all.count)
    return (0..<count).map { all[$0 * all.count / count] }
  }

  /// The first of the folders that can be read so.
  /// - Throws: `PipelineError` of kind `.usage` for no folder; for one that cannot be read, why.
  static func first<Data>(of folders: [URL], _ wanted: String, _ read: (URL) throws -> Data) throws -> Data {
    guard !folders.isEmpty else {
      throw PipelineError.usage("--data is missing; \(wanted) would be right")
    }
    var (reason, broken): ((any Error)?, (any Error)?)
    for folder in folders {
      do { return try read(folder) } catch let error as PipelineError {
        reason = reason ?? error
      } catch { broken = broken ?? error }
    }
    // A folder of something else says less than a file that cannot be read.
    throw broken ?? reason ?? PipelineError.usage(wanted)
  }

  /// nil for data of another kind, which leave figures out; broken files are reported.
  static func ifPresent<Data>(_ read: () throws -> Data) throws -> Data? {
    do { return try read() } catch is PipelineError { return nil }
  }
}
