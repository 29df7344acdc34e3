import ArgumentParser
import Foundation
import Logging
import MediaIO
import PipelineKit

/// `pipeline replay FILE`: makes a file again and compares the bytes.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Make a file again from its provenance, and compare.",
    discussion: """
      On the same engine (libtorch, instruction set, device) the bytes are the same. The input is found by its SHA-256
      beside the file or in the working folder. Exit status 1 when the bytes differ.
      """)

  @Argument(help: "A file that this tool wrote.")
  var file: String

  @Option(help: ArgumentHelp("What it was made from.", valueName: "file"))
  var input: String?

  @Option(name: [.short, .long], help: ArgumentHelp("Keep the new file.", valueName: "file"))
  var output: String?

  @OptionGroup var common: CommonOptions

  /// What would be a wrong command elsewhere is a fault of the file here.
  private func blamingFile<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as PipelineError {
      throw PipelineError.data("\(file) cannot be made again: \(error)")
    }
  }

  func run() throws {
    if common.device != nil {
      throw PipelineError.usage("replay takes the device that the file names; --device is not for it")
    }
    let url = URL(fileURLWithPath: file)
    let replay = try Replay(url, input: input.map { URL(fileURLWithPath: $0) })
    if let output {
      let target = URL(fileURLWithPath: output).resolvingSymlinksInPath()
      guard ![url, replay.input].contains(where: { $0?.resolvingSymlinksInPath() == target }) else {
        throw PipelineError.usage(
          "-o is '\(output)', which is the file or its input; another name would be right")
      }
    }
    let registry = TaskRegistry.all
    let home = try PipelineHome()
    let (differences, stage) = try blamingFile {
      let task = try registry.task(named: replay.provenance.task, for: .run)
      let specification = try task.specification(in: home)
      return (
        try replay.differences(task, specification),
        try registry.pipeline(ofTask: task.name, in: home, overriding: replay.options).stage()
      )
    }
    let source = replay.input?.relativePath ?? "the text in \(file)"
    let again = try stage(pipe: replay.inputData(), name: source, context: common.context(source: source))
    let before = try FileBytes.read(url)
    if let output { try AtomicFile.write(again, to: URL(fileURLWithPath: output)) }
    let isSame = again == before
    let changed = differences.isEmpty ? "" : " (\(differences.joined(separator: "; ")))"
    if isSame {
      try printResult(
        "\(file): the same \(before.count) bytes",
        json: ["file": file, "same": true, "differences": differences],
        asJSON: common.json)
      return
    }
    let distance = Replay.largestDifference(before, again)
    let text =
      switch distance {
      case nil: "another size or kind"
      case 0: "the same samples, but other bytes around them"
      case let most?: "samples up to \(most) grey levels apart"
      }
    throw PipelineError.data("\(file): made again, it differs: \(text)\(changed)")
  }
}
