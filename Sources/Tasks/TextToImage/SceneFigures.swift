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
    ("pictures a second", 2),
  ]

  private let judge: SceneJudge
  private let request: EvaluationRequest
  private let count: Int

  init(_ judge: SceneJudge, _ request: EvaluationRequest) {
    (self.judge, self.request, count) = (judge, request, request.options.integer("draws"))
  }

  func reference(_ part: EvaluatedPart) throws -> [Double?] {
    try figures(part, speed: false) { asked, _ in asked.x }
  }

  func draws(_ part: EvaluatedPart, by model: CaptionModel) throws -> [Double?] {
    try figures(part, speed: true) { try model.draw($0.words, against: nil, noise: $1, threads: 1) }
  }

  /// - Parameter draw: pictures of the captions of scenes, `[N, 3, H, W]` over 0…1.
  private func figures(
    _ part: EvaluatedPart, speed: Bool,
    _ draw: @escaping @Sendable (RenderedScenes, BatchNoise) throws -> Tensor
  ) throws -> [Double?] {
    let size = 20
    let progress = ProgressLine("judge", total: count, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let start = ContinuousClock.now
    let verdicts = try ChunkRunner(workers: request.workers).map((count + size - 1) / size) {
      chunk -> [SceneVerdict] in
      try Interrupt.check()
      let rows = chunk * size..<min(count, (chunk + 1) * size)
      let noise = BatchNoise(seed: 2, first: rows.lowerBound, count: rows.count)
      let asked = try RenderedScenes(noise, part.scene)
      let x = try PictureLevels.levels(draw(asked, noise))
      progress.advance(by: rows.count)
      return zip(asked.captions, try judge.verdicts(x)).map { SceneVerdict($0.says, $1) }
    }.flatMap { $0 }
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
      + [speed ? Double(count) / seconds : nil]
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
