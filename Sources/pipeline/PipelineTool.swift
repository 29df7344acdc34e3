import ArgumentParser
import Foundation
import Logging
import MediaIO
import PipelineKit

/// The command-line tool. Exit status 0, 1 for data at fault, 2 for usage, 130 after Ctrl-C.
@main
struct PipelineTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline",
    abstract: "Conditional generation of specific tasks: every task is one P(x | y).",
    discussion: """
      pipeline run super-resolution in.png            enlarges a picture
      pipeline list                                   tasks, models and stages
      """,
    version: PipelineVersion.current,
    subcommands: [
      RunCommand.self, ScoreCommand.self, ClassifyCommand.self, DescribeCommand.self, CompleteCommand.self,
      EmbedCommand.self,
      ReplayCommand.self, StageCommand.self, ListCommand.self, InspectCommand.self, EvaluateCommand.self,
      TrainCommand.self, StudyCommand.self,
    ])

  static func main() {
    // A file opened under the number of a closed standard stream would be taken for it.
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", O_RDWR) }
    Interrupt.install { AtomicFile.removePending() }
    let command: any ParsableCommand
    do {
      try checkCommand(CommandLine.arguments.dropFirst().first)
      command = try parseAsRoot()
    } catch let error as PipelineError {
      end(ExitReport(error).line, status: error.exitStatus)
    } catch {
      guard exitCode(for: error).isSuccess else {
        let line = message(for: error).split(separator: "\n").joined(separator: " ")
        end("pipeline: \(line); `pipeline --help` tells more", status: 2)
      }
      exit(withError: error)
    }
    do {
      var command = command
      try command.run()
    } catch {
      if exitCode(for: error).isSuccess { exit(withError: error) }
      // Waiting that a signal has ended fails in many ways.
      var cause = error
      do { try Interrupt.check() } catch { cause = error }
      let report = ExitReport(cause)
      Interrupt.cleanUp()
      end(report.line, status: report.status)
    }
    end(nil, status: 0)
  }

  /// - Throws: `PipelineError` that names the nearest command, where the parser only says "unexpected".
  private static func checkCommand(_ name: String?) throws {
    let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let name, !name.hasPrefix("-"), !known.contains(name) else { return }
    throw PipelineError.usage(NearestName.unknown("command", name, known: known, listing: true))
  }

  private static func end(_ line: String?, status: Int32) -> Never {
    if let line { FileHandle.standardError.write(Data((line + "\n").utf8)) }
    fflush(nil)
    // Without libtorch's destructors, which take 0.1 s and free what the process gives back anyway.
    _exit(status)
  }
}
