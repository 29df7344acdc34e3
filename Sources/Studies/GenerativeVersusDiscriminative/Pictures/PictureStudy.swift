internal import ClassImageTask
internal import Foundation
internal import Logging
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Trains every learner on every number of pictures, and asks it about pictures of all kinds.
struct PictureStudy {
  let settings: PictureSettings
  /// Committed models, which learned for longer.
  let committed: [Specification.Model]
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
    let pictures: String
    /// Of a committed model.
    var weights: String?
    /// Counts up when the same pictures would give other answers.
    var version = 1
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

  private func key(_ learner: String, size: Int, round: Int, isContaminated: Bool) -> Key {
    Key(
      study: settings.digest, learner: learner, size: size, round: round, isContaminated: isContaminated,
      pictures: pictures.digest)
  }

  func callAsFunction() throws -> [PictureRun] {
    let jobs = jobs
    let line = ProgressLine("pictures", total: jobs.count, unit: "trainings", mode: progress)
    defer { line.finish() }
    return try jobs.map { job in
      defer { line.advance() }
      try Interrupt.check()
      let key = key(
        job.learner.name, size: job.size, round: job.round, isContaminated: job.isContaminated)
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
    let answers = try answers(of: model, known: known)
    let wrong = String(format: "%.1f", (answers[.clean]?.error.mean ?? .nan) * 100)
    let what = "\(job.size) pictures\(job.isContaminated ? " with strangers" : "")"
    log.info(
      "\(job.learner.name), \(what), choice \(job.round + 1): \(wrong) % wrong, \(Int(seconds)) s")
    return PictureRun(
      learner: job.learner.name, size: job.size, round: job.round, isContaminated: job.isContaminated,
      answers: answers)
  }

  /// The committed models on the same test pictures.
  func committedRuns() throws -> [PictureRun] {
    try committed.map { entry in
      try Interrupt.check()
      var key = key(entry.name, size: 0, round: 0, isContaminated: false)
      key.weights = try Digest.sha256(of: entry.weights)
      return try store.result("committed-\(entry.name)", settings: key) {
        let model = try ClassImageModel(contentsOf: entry.weights)
        return PictureRun(
          learner: entry.name, size: 0, round: 0, isContaminated: false,
          answers: try answers(of: model, known: pictures.pool))
      }
    }
  }

  /// - Parameter known: what the model was trained on.
  private func answers(of model: ClassImageModel, known: LabelledImages) throws -> [PictureCondition: Answers]
  {
    var answers: [PictureCondition: Answers] = [:]
    for condition in PictureCondition.allCases {
      guard
        let shown = try pictures.shown(
          condition, noise: settings.plan.noise, seed: settings.plan.seed, known: known),
        let verdicts = try model.verdicts(
          on: shown, missing: condition == .half ? pictures.missingRows : nil, workers: workers)
      else { continue }
      answers[condition] = Answers(verdicts, labels: condition == .strangers ? nil : shown.labels)
    }
    return answers
  }
}
