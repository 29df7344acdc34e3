internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// What a judge sees of draws of scenes.
struct SceneFigures: DrawFigures {
  static let (subject, reference) = ("captions", "rendered")
  static let title = "Captions whose draw is all as asked, as the judge sees it"
  static let columns: [(name: String, digits: Int)] = [
    ("all as asked %", 1), ("all as asked % ±", 1), ("kind %", 1), ("count %", 1), ("colours %", 1),
    ("shapes %", 1), ("relation %", 1), ("tables %", 1), ("groups %", 1), ("pairs %", 1), ("rings %", 1),
    ("draws per picture", 2), ("pictures a second", 2),
  ]

  private let judge: SceneJudge
  private let checker: SceneJudge?
  private let request: EvaluationRequest
  private let count: Int

  /// - Parameter checker: nil for plain draws.
  init(_ judge: SceneJudge, checker: SceneJudge?, _ request: EvaluationRequest) {
    (self.judge, self.checker) = (judge, checker)
    (self.request, count) = (request, request.options.integer("draws"))
  }

  func reference(_ part: EvaluatedPart) throws -> [Double?] {
    try figures(part) { asked, _ in (asked.x, nil) }
  }

  func draws(_ part: EvaluatedPart, by model: CaptionModel) throws -> [Double?] {
    let drawing = CheckedDrawing(model, tries: request.options.integer("tries"), checker: checker)
    return try figures(part) { asked, noise in
      let drawn = try drawing(
        asked.captions.map { AskedCaption($0.text) }, against: nil, noise: noise, threads: 1,
        beforeEach: Interrupt.check)
      return (try .stack(drawn.map(\.pixels)), drawn.map(\.tries))
    }
  }

  /// - Parameter draw: pictures of the captions of scenes, `[N, 3, H, W]` over 0…1, and how often each was drawn.
  private func figures(
    _ part: EvaluatedPart,
    _ draw: @escaping @Sendable (RenderedScenes, BatchNoise) throws -> (Tensor, [Int]?)
  ) throws -> [Double?] {
    let size = 20
    let progress = ProgressLine("judge", total: count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let start = ContinuousClock.now
    let results = try ChunkRunner(workers: request.workers).map((count + size - 1) / size) {
      chunk -> [(SceneVerdict, Int?)] in
      try Interrupt.check()
      let rows = chunk * size..<min(count, (chunk + 1) * size)
      let noise = BatchNoise(seed: 2, first: rows.lowerBound, count: rows.count)
      let asked = try RenderedScenes(noise, part.scene)
      let (x, tries) = try draw(asked, noise)
      progress.advance(by: rows.count)
      let seen = try judge.verdicts(PictureLevels.levels(x))
      return asked.captions.indices.map { (SceneVerdict(asked.captions[$0].says, seen[$0]), tries?[$0]) }
    }.flatMap { $0 }
    let (verdicts, tries) = (results.map(\.0), results.compactMap { $0.1.map(Double.init) })
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    func percent(_ values: [Bool]) -> Double? {
      values.isEmpty ? nil : 100 * Double(values.count { $0 }) / Double(values.count)
    }
    let all = meanWithError(verdicts.map { $0.isRight ? 100 : 0 })
    return [all.mean, all.standardError, percent(verdicts.map(\.isKindRight))]
      + [\SceneVerdict.count, \.colours, \.shapes, \.relation].map { path in
        percent(verdicts.compactMap { $0[keyPath: path] })
      }
      + SceneKind.allCases.map { kind in percent(verdicts.filter { $0.kind == kind }.map(\.isRight)) }
      + [tries.isEmpty ? nil : meanWithError(tries).mean, tries.isEmpty ? nil : Double(count) / seconds]
  }
}

extension EvaluatedPart {
  /// Of the scenes that are trained on, or of those that never are.
  func scene(_ noise: KeyedNoise) -> Scene {
    switch self {
    case .seen: SceneGrammar.drawTraining(noise)
    case .heldOut: SceneGrammar.heldOut(noise)
    }
  }
}
