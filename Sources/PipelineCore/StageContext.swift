/// How a stage may go about its work: never what comes out of it.
///
/// Nothing here changes a byte of a stage's output. What does (seed, model, chunk) is an option of the stage, so
/// that Swift, a specification and a shell pipe can all say it and agree.
public struct StageContext: Sendable {
  /// How many chunks may be worked on at once; at least 1.
  public var workers: Int
  /// Where progress is shown.
  public var progress: ProgressLine.Mode
  /// What messages call the input.
  public var source = "the input"
  /// Throws when the work should end early; called between stages, and by stages between chunks.
  public var checkCancelled: @Sendable () throws -> Void

  /// - Parameter checkCancelled: by default Ctrl-C, where the program has installed `Interrupt`.
  public init(
    workers: Int = 1, progress: ProgressLine.Mode = .quiet,
    checkCancelled: @escaping @Sendable () throws -> Void = Interrupt.check
  ) {
    precondition(workers >= 1, "\(workers) workers; at least 1 would be right")
    self.workers = workers
    self.progress = progress
    self.checkCancelled = checkCancelled
  }

  /// Begins a line of progress; the stage calls `advance` after each chunk and `finish` at the end.
  public func startProgress(_ label: String, total: Int?, unit: String) -> ProgressLine {
    ProgressLine(label, total: total, unit: unit, mode: progress)
  }
}
