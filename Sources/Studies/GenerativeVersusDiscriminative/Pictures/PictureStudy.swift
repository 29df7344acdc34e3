internal import ClassImageTask
internal import Foundation
internal import Logging
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Trains every learner on every number of pictures, and asks it about pictures of all kinds.
struct PictureStudy {
  let settings: PictureSettings
  let pictures: StudyPictures
  let store: ResultStore
  let workers: Int
  let log: Logger
  let progress: ProgressLine.Mode

  /// What decides one result.
  private struct Key: Encodable {
    let study: String
    let learner: String
    let size: Int
    let round: Int
    let isContaminated: Bool
    let pool: Int
    let strangers: Int
  }

  /// One training that is to be done.
  private struct Job {
    let learner: PictureSettings.Learner
    let size: Int
    let round: Int
    let isContaminated: Bool

    var name: String {
      "pictures-\(learner.name)-\(size)-\(round)\(isContaminated ? "-strangers" : "")"
    }
  }

  private var jobs: [Job] {
    let plan = settings.plan
    let contaminated = pictures.strangers == nil ? [] : plan.contaminatedSizes
    // Small ones first: what is wrong shows early.
    return (plan.sizes.map { ($0, false) } + contaminated.map { ($0, true) }).sorted { $0.0 < $1.0 }
      .flatMap { size, isContaminated in
        (0..<(size <= plan.repeatedUpTo ? plan.repeats : 1)).flatMap { round in
          settings.learners.filter { $0.length.leastPictures <= size }.map {
            Job(learner: $0, size: size, round: round, isContaminated: isContaminated)
          }
        }
      }
  }

  func callAsFunction() throws -> [PictureRun] {
    let jobs = jobs
    let line = ProgressLine("pictures", total: jobs.count, unit: "trainings", mode: progress)
    defer { line.finish() }
    return try jobs.map { job in
      defer { line.advance() }
      try Interrupt.check()
      let key = Key(
        study: settings.digest, learner: job.learner.name, size: job.size, round: job.round,
        isContaminated: job.isContaminated, pool: pictures.pool.count,
        strangers: pictures.strangers?.new.count ?? 0)
      return try store.result(job.name, settings: key) { try run(job) }
    }
  }

  private func run(_ job: Job) throws -> PictureRun {
    let plan = settings.plan
    let chosen = try pictures.chosen(job.size, seed: plan.seed, round: job.round)
    let known =
      try job.isContaminated
      ? pictures.contaminated(chosen, share: plan.strangers, seed: plan.seed, round: job.round) : chosen
    let steps = job.learner.length.steps(pictures: job.size)
    let folder = store.folder.appendingPathComponent("training-\(job.name)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var quiet = log
    quiet.logLevel = .error
    let request = TrainingRequest(
      model: nil, options: try Options([], owner: "the study"), data: [], folder: folder, steps: steps,
      seed: plan.seed &+ UInt64(job.round), workers: workers, log: quiet)
    let start = ContinuousClock.now
    let model = try ClassImage.model(
      by: job.learner.recipe, of: "the recipe of '\(job.learner.name)'", on: known,
      watching: pictures.watched, request)
    // A training that was stopped is no result.
    try Interrupt.check()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var answers: [PictureCondition: Answers] = [:]
    for condition in PictureCondition.allCases {
      guard
        let shown = try pictures.shown(condition, noise: plan.noise, seed: plan.seed, known: known),
        let verdicts = try model.verdicts(
          on: shown, missing: condition == .half ? pictures.missingRows : nil, workers: workers)
      else { continue }
      answers[condition] = Answers(verdicts, labels: condition == .strangers ? nil : shown.labels)
    }
    let wrong = String(format: "%.1f", (answers[.clean]?.error.mean ?? .nan) * 100)
    let what = "\(job.size) pictures\(job.isContaminated ? " with strangers" : "")"
    log.info(
      "\(job.learner.name), \(what), choice \(job.round + 1): \(wrong) % wrong, \(Int(seconds)) s")
    return PictureRun(
      learner: job.learner.name, size: job.size, round: job.round, isContaminated: job.isContaminated,
      seconds: seconds, steps: steps, answers: answers)
  }
}
