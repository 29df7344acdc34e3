internal import Foundation
internal import MediaIO
internal import ModelEvaluation
public import PipelineCore
internal import Torch

extension TextSynth: EvaluableTask {
  public var evaluationOptions: [OptionDescription] {
    [
      Self.weightsOption,
      .integer("pieces", in: 0...1_000_000, default: 300, help: "evaluate: of each text, to be classified"),
      .integer("piece-length", in: 1...1_000_000, default: 200, help: "evaluate: bytes of a piece"),
      .text(
        "foreign", default: "",
        help: "evaluate: files and folders of texts of no style, with commas between, such as source code"),
    ]
  }

  private static let columns: [(name: String, digits: Int)] = [
    ("bytes", 0), ("nats/byte", 3), ("bits/byte", 3), ("pieces", 0), ("classified %", 1),
    ("classified % ±", 1),
    ("abstained %", 1), ("abstained % ±", 1),
  ]
  /// As `classify` has it.
  private static let abstainBelow = 0.01

  /// Of each style the last tenth, which was not trained on: its density, given the style, and whether pieces of its second
  /// half are known for what they are.
  public func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws
    -> [EvaluationTable]
  {
    let given = request.options.text("weights")
    let file =
      try given.isEmpty ? specification.model(named: request.model).weights : URL(fileURLWithPath: given)
    let model = try TextModel(contentsOf: file)
    let heldOut = try Texts(request.data).heldOut
    let context = StageContext(
      workers: ChunkRunner(workers: request.workers).workers, progress: request.progress)
    let foreign = try Self.foreign(request.options.text("foreign"))
    let progress = context.startProgress(
      "evaluate", total: heldOut.styles.count + foreign.count, unit: "texts")
    defer { progress.finish() }
    var rows = try heldOut.styles.enumerated().map { index, name in
      guard let style = model.description.styles.firstIndex(of: name) else {
        throw PipelineError.data(
          "\(name).txt: \(NearestName.unknown("style", name, known: model.description.styles, listing: true))"
        )
      }
      let text = heldOut[index]
      let nats = try -TextScore(text, model, styles: [style], context: context).total / Double(text.count)
      let pieces = try judged(Array(text.suffix(text.count / 2)), model, as: style, request, context)
      progress.advance()
      return EvaluationTable.Row(
        name, [Double(text.count), nats, nats / log(2)] + Self.shares(pieces, isForeign: false))
    }
    rows += try foreign.map { name, text in
      let pieces = try judged(text, model, as: nil, request, context)
      progress.advance()
      return EvaluationTable.Row(
        name, [Double(text.count), nil, nil] + Self.shares(pieces, isForeign: true))
    }
    return [EvaluationTable(subject: "text", columns: Self.columns, rows: rows)]
  }

  /// Whether pieces of a text are classified as of `style`, and whether they are called strange.
  private func judged(
    _ text: [UInt8], _ model: TextModel, as style: Int?, _ request: EvaluationRequest, _ context: StageContext
  ) throws -> [(isRight: Bool, abstains: Bool)] {
    let length = request.options.integer("piece-length")
    guard text.count >= length else { return [] }
    let pieces = TextPieces(text, length: length, count: request.options.integer("pieces"), seed: 0)
    let styles = Array(model.description.styles.indices)
    return try ChunkRunner(workers: request.workers).map(pieces.count) { index in
      try context.checkCancelled()
      let score = try TextScore(pieces[index], model, styles: styles, context: StageContext())
      let best = styles.max { score.logDensities[$0] < score.logDensities[$1] }
      let typicality = model.description.typicality(of: score, bytes: length)
      return (best == style, typicality.map { $0 < Self.abstainBelow } ?? false)
    }
  }

  /// In the order of `columns`.
  private static func shares(_ pieces: [(isRight: Bool, abstains: Bool)], isForeign: Bool) -> [Double?] {
    guard !pieces.isEmpty else { return [0, nil, nil, nil, nil] }
    let right = meanWithError(pieces.map { $0.isRight ? 100 : 0 })
    let strange = meanWithError(pieces.map { $0.abstains ? 100 : 0 })
    return [
      Double(pieces.count), isForeign ? nil : right.mean, isForeign ? nil : right.standardError, strange.mean,
      strange.standardError,
    ]
  }

  /// What lies in each file or folder, one text each, at most `mostForeign` bytes.
  private static func foreign(_ paths: String) throws -> [(name: String, text: [UInt8])] {
    try paths.split(separator: ",").map { path in
      let url = URL(fileURLWithPath: path.trimmingCharacters(in: .whitespaces))
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      guard isThere, isFolder.boolValue else { return (url.relativePath, [UInt8](try FileBytes.read(url))) }
      var text: [UInt8] = []
      let names = (FileManager.default.enumerator(atPath: url.path)?.allObjects as? [String] ?? []).sorted()
      for name in names where [".swift", ".h", ".c", ".py", ".txt"].contains(where: name.hasSuffix) {
        guard text.count < mostForeign else { break }
        text += (try? FileBytes.read(url.appendingPathComponent(name))) ?? Data()
      }
      guard !text.isEmpty else { throw PipelineError.data("\(url.relativePath) holds no text") }
      return (url.relativePath, Array(text.prefix(mostForeign)))
    }
  }

  private static let mostForeign = 4 << 20
}
