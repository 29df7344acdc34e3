internal import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// How well draws let a matcher find their captions among others.
struct RetrievalFigures: DrawFigures {
  static let (subject, reference) = ("captions", "pictures")
  static let title = "Captions found among \(CaptionRetrieval.choices) by their draw"
  static let columns: [(name: String, digits: Int)] = [
    ("first of \(CaptionRetrieval.choices) %", 1), ("first of \(CaptionRetrieval.choices) % ±", 1),
    ("among the first 5 %", 1), ("captions", 0), ("pictures a second", 2),
  ]

  private let pictures: CaptionedPictures
  private let retrieval: CaptionRetrieval
  private let request: EvaluationRequest

  init(_ matcher: CaptionMatcher, _ pictures: CaptionedPictures, _ request: EvaluationRequest) throws {
    (self.pictures, self.request) = (pictures, request)
    retrieval = try CaptionRetrieval(matcher, pictures.entries.map(\.caption))
  }

  func reference(_ part: EvaluatedPart) throws -> [Double?] {
    try figures(part, speed: false) { try pictures.x.indexSelect(0, $0) }
  }

  func draws(_ part: EvaluatedPart, by model: CaptionModel) throws -> [Double?] {
    let vocabulary = model.description.vocabulary
    return try figures(part, speed: true) { places in
      let rows = try places.elements(Int64.self)
      let noise = BatchNoise(seed: 2, samples: rows.map(UInt64.init))
      let captions = rows.map { vocabulary.tokens(pictures.entries[Int($0)].caption).indices }
      return try PictureLevels.levels(model.draw(captions, against: nil, noise: noise, threads: 1))
    }
  }

  private func figures(
    _ part: EvaluatedPart, speed: Bool, _ draw: @escaping @Sendable (Tensor) throws -> Tensor
  ) throws -> [Double?] {
    let all = pictures.places(heldOut: part == .heldOut)
    // Evenly spread, for a list goes from one kind of thing to the next.
    let count = min(all.count, request.options.integer("draws"))
    let places = (0..<count).map { all[$0 * all.count / count] }
    let progress = ProgressLine("match", total: nil, unit: "pictures", mode: request.progress)
    defer { progress.finish() }
    let start = ContinuousClock.now
    let ranks = try retrieval.ranks(of: places, workers: request.workers) {
      let x = try draw($0)
      progress.advance(by: x.shape[0])
      return x
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let first = meanWithError(ranks.map { $0 == 0 ? 100 : 0 })
    return [
      first.mean, first.standardError, meanWithError(ranks.map { $0 < 5 ? 100 : 0 }).mean, Double(count),
      speed ? Double(count) / seconds : nil,
    ]
  }
}
