internal import ClassImageTask
public import Foundation
public import Logging
internal import MediaTensors
public import PipelineCore

/// When a model of P(x | y) tells classes better than one of P(y | x), and when not: naive Bayes beside logistic
/// regression on tables (Ng & Jordan 2002, "On discriminative vs. generative classifiers"), and this package's models of
/// pictures beside a network that only classifies.
public struct GenerativeVersusDiscriminative: Sendable {
  public static let name = "generative-vs-discriminative"
  public static let summary = "when P(x | y) tells classes better than P(y | x), on tables and on pictures"

  public struct Request: Sendable {
    /// A folder of CSV files, see `Table`; nil to leave the tables out.
    public var tables: URL?
    /// A folder with MNIST's files or a folder a class; nil to leave the pictures out.
    public var pictures: URL?
    /// Pictures of the same size that are of no class, likewise; nil to do without.
    public var strangers: URL?
    /// For the page, its charts and all results.
    public var output: URL
    /// Random partitions of each table, 2 or more.
    public var splits: Int
    public var workers: Int
    public var log: Logger
    public var progress: ProgressLine.Mode

    public init(
      tables: URL?, pictures: URL?, strangers: URL? = nil, output: URL, splits: Int = 100, workers: Int = 0,
      log: Logger, progress: ProgressLine.Mode = .quiet
    ) {
      (self.tables, self.pictures, self.strangers) = (tables, pictures, strangers)
      (self.output, self.splits, self.workers) = (output, splits, workers)
      (self.log, self.progress) = (log, progress)
    }
  }

  private let settings: PictureSettings
  /// They learned Fashion-MNIST.
  private let committed: [Specification.Model]

  /// Reads the recipes in `study.yaml` beside the specifications of tasks.
  /// - Throws: `PipelineError` of kind `.usage` with the line.
  public init(in home: PipelineHome) throws {
    let settings = try PictureSettings(
      contentsOf: home.folder(of: Self.name).appendingPathComponent("study.yaml"))
    self.settings = settings
    committed = try ClassImage().specification(in: home).models.filter { model in
      settings.learners.contains { $0.name == model.name }
    }
  }

  /// Does what is not done yet, and writes the page anew.
  /// - Returns: the page.
  /// - Throws: `PipelineError` and what data and engine throw; what is done stays.
  public func callAsFunction(_ request: Request) throws -> URL {
    let store = ResultStore(folder: request.output.appendingPathComponent("results"))
    let tableStudy = TableStudy(
      settings: .init(splits: request.splits), store: store, workers: request.workers, log: request.log,
      progress: request.progress)
    let tables = try request.tables.map { try tableStudy.sources($0, pictures: request.pictures) }
    let pictures = try request.pictures.map {
      try StudyPictures($0, strangers: request.strangers, plan: settings.plan)
    }
    // Before hours of work.
    try OutputFolder.make(request.output)
    var page = StudyPage(settings: settings, splits: request.splits)
    if let tables { (page.curves, page.growths) = try tableStudy(tables) }
    if let pictures {
      page.names = (
        request.pictures?.lastPathComponent ?? "", request.strangers?.lastPathComponent ?? ""
      )
      let isTheirs = request.pictures?.standardizedFileURL.path == ClassImage.debianFolder.path
      let study = PictureStudy(
        settings: settings, committed: isTheirs ? committed : [], pictures: pictures, store: store,
        workers: request.workers, log: request.log, progress: request.progress)
      page.runs = try study()
      page.committed = try study.committedRuns()
    }
    return try page.write(to: request.output)
  }
}
