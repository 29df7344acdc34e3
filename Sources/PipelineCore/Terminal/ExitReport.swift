/// How a program ends after an error: the line for standard error, if any, and the exit status.
public struct ExitReport: Sendable, Equatable {
  /// Absent where nothing need be said: after Ctrl-C, and when the reader of the output has gone.
  public let line: String?
  public let status: Int32

  /// `PipelineError` by its kind (2 or 1), `Interrupted` by its signal (130, 143, 141), anything else 1.
  public init(_ error: any Error) {
    switch error {
    case let error as PipelineError:
      line = "pipeline: \(error)"
      status = error.exitStatus
    case let error as Interrupted:
      line = nil
      status = error.exitStatus
    default:
      // Through `PipelineError`, which makes one line of it.
      let error = PipelineError.data("\(error)")
      line = "pipeline: \(error)"
      status = error.exitStatus
    }
  }
}
