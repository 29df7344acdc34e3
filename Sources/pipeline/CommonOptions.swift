import ArgumentParser
import Foundation
import Logging
import PipelineKit

/// Options that every command with work to do takes.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("cpu, cuda or cuda:N.", valueName: "device"))
  var device: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Worker threads; 0 for one per core. The result does not depend on it.", valueName: "n"))
  var threads = 0

  @Flag(help: "Print results as JSON, one object a line.")
  var json = false

  @Flag(name: [.short, .long], help: "Neither progress nor notices on standard error.")
  var quiet = false

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads is \(threads); 0 (one per core) to 1024 would be right")
    }
  }

  var workers: Int { threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount }

  var progress: ProgressLine.Mode { .automatic(quiet: quiet) }

  /// Notices for people, on standard error.
  var log: Logger {
    var log = Logger(label: "pipeline") { _ in StandardErrorLog() }
    log.logLevel = quiet ? .error : .info
    return log
  }

  func context(source: String) -> StageContext {
    var context = StageContext(workers: workers, progress: progress)
    context.source = source
    return context
  }
}

/// One line a message, `pipeline: text`, on standard error.
struct StandardErrorLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    FileHandle.standardError.write(Data("pipeline: \(PipelineError.oneLine("\(event.message)"))\n".utf8))
  }
}

/// Prints one result: as it is, or as JSON with sorted keys.
func printResult(_ text: String, json: [String: any Encodable & Sendable], asJSON: Bool) throws {
  guard asJSON else {
    try StandardStreams.write(Data((text + "\n").utf8))
    return
  }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  let data = try encoder.encode(json.mapValues(AnyEncodable.init))
  try StandardStreams.write(data + Data("\n".utf8))
}

struct AnyEncodable: Encodable {
  let value: any Encodable

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
