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
      On the same engine (libtorch, instruction set, device) the bytes are the same. The input, or the file that an
      option such as --mel named, is found by its SHA-256 beside the file or in the working folder. Exit status 1 when
      the bytes differ.
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
    let (task, pipeline, differences) = try blamingFile {
      let task = try registry.task(named: replay.provenance.task, for: .run)
      return (
        task, try registry.pipeline(ofTask: task.name, in: home, overriding: replay.options),
        try replay.differences(task, task.specification(in: home))
      )
    }
    let changed = differences.isEmpty ? "" : " (\(differences.joined(separator: "; ")))"
    if let sounding = task as? any SoundingTask, pipeline.input == .text {
      try replaySound(sounding, pipeline, replay, url, differences, changed)
    } else {
      try replayPicture(pipeline, replay, url, differences, changed)
    }
  }

  private func replayPicture(
    _ pipeline: Pipeline, _ replay: Replay, _ url: URL, _ differences: [String], _ changed: String
  ) throws {
    let stage = try blamingFile { try pipeline.stage() }
    let source = replay.input?.relativePath ?? "the text in \(file)"
    let again = try stage(pipe: replay.inputData(), name: source, context: common.context(source: source))
    let before = try FileBytes.read(url)
    if let output { try AtomicFile.write(again, to: URL(fileURLWithPath: output)) }
    if again == before { return try showSame(before.count, differences) }
    let distance = Replay.largestDifference(before, again)
    let text =
      switch distance {
      case nil: "another size or kind"
      case 0: "the same samples, but other bytes around them"
      case let most?: "samples up to \(most) grey levels apart"
      }
    throw PipelineError.data("\(file): made again, it differs: \(text)\(changed)")
  }

  /// Written to a file while it is made and compared piece by piece, as it may be longer than memory.
  private func replaySound(
    _ task: any SoundingTask, _ pipeline: Pipeline, _ replay: Replay, _ url: URL, _ differences: [String],
    _ changed: String
  ) throws {
    let sounds = try blamingFile {
      try task.sounds(
        String(decoding: replay.inputData(), as: UTF8.self), pipeline.steps[0].options,
        pipeline.specification, context: common.context(source: file))
    }
    let again =
      output.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("pipeline-\(UUID().uuidString)")
    defer { if output == nil { try? FileManager.default.removeItem(at: again) } }
    let target = try AtomicFile(again)
    // What went through a pipe is made as for a pipe.
    let isOfPipe = AudioWriter.isFLACOfPipe(url)
    try sounds.together.write(to: isOfPipe ? AppendingSink(target) : target, name: again.relativePath)
    try target.commit()
    if try Digest.sha256(of: again) == Digest.sha256(of: url) {
      let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int
      return try showSame(size ?? 0, differences)
    }
    let distance = Replay.largestDifference(ofSounds: url, again)
    let text =
      switch distance {
      case nil: "another length, rate or kind"
      case 0: "the same samples, but other bytes around them"
      case let most?: String(format: "samples up to %.2g of full scale apart", most)
      }
    throw PipelineError.data("\(file): made again, it differs: \(text)\(changed)")
  }

  private func showSame(_ bytes: Int, _ differences: [String]) throws {
    try printResult(
      "\(file): the same \(bytes) bytes",
      json: ["file": file, "same": true, "differences": differences], asJSON: common.json)
  }
}
