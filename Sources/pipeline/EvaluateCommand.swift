import ArgumentParser
import Charts
import Foundation
import MediaIO
import PipelineKit

/// `pipeline evaluate TASK --data FOLDER`: figures on test data.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Judge a task's models on test data.",
    discussion:
      "super-resolution: PSNR and SSIM on Y, as papers have it; X_LR.png beside X_HR.png is taken as its "
      + "low resolution, any other picture is reduced by MATLAB's bicubic.\n\n"
      + "class-image: bits a pixel, classification by Bayes's rule, also with half of a picture missing, strange "
      + "pictures (--ood), and how draws look to an independent classifier. --data is a folder with MNIST's files or "
      + "a folder of pictures for each class; Fashion-MNIST where Debian puts it, unless given.\n\n"
      + "audio-synth: bits a sample, words and speakers that a judge hears in draws, notes in tune. --data names folders of "
      + "recordings <word>_<voice>_<take>.wav, or of notes.\n\n"
      + "text-to-image: counts, colours, shapes and relations that a judge sees in draws of captions, of combinations that were "
      + "trained on and of those that were held out; needs no data.\n\n"
      + "imitation: returns and successes of episodes in real environments, which Python runs (pip install "
      + "\"gymnasium[box2d]\" metaworld) with this program as a co-process.")

  @Argument(help: "A task; `pipeline list` names them.")
  var task: String

  @Argument(parsing: .allUnrecognized, help: "The task's own options.")
  var options: [String] = []

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Folders with test data.", valueName: "folder"))
  var data: [String] = []

  @Option(help: ArgumentHelp("The model, or 'all'.", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Also draw the figures as curves, for tasks that have some: a file that ends in .png or .svg.",
      valueName: "file"))
  var plot: String?

  @Option(help: .hidden)
  var family: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    let registry = TaskRegistry.all
    let task = try registry.task(named: task, for: .evaluate)
    guard let evaluable = task as? any EvaluableTask else {
      throw PipelineError.usage("task '\(task.name)' cannot evaluate")
    }
    let specification = try task.specification(in: PipelineHome())
    let known = evaluable.evaluationOptions
    let given = try GivenOption.parse(options, known, owner: "task '\(task.name)'")
    let checked = try Options(
      known, owner: "task '\(task.name)'", given: given, fallbacks: specification.defaults)
    let format = try plot.map(Self.format)
    guard format == nil || evaluable.hasChart else {
      throw PipelineError.usage("--plot is not for '\(task.name)': its figures are no curves")
    }
    // Opened first, for an evaluation may take an hour.
    let picture = try plot.map { try AtomicFile(URL(fileURLWithPath: $0)) }
    let tables = try evaluable.evaluate(
      EvaluationRequest(
        model: model ?? family, data: data.map { URL(fileURLWithPath: $0) }, options: checked,
        workers: common.workers,
        device: common.device ?? "cpu", progress: common.progress), specification)
    if let picture, let format, let chart = tables.compactMap(\.chart).first {
      try picture.write(chart.file(format))
      try picture.commit()
    }
    let text = tables.map { common.json ? $0.jsonLines : $0.text }.joined(
      separator: common.json ? "\n" : "\n\n")
    try StandardStreams.write(Data((text + "\n").utf8))
  }

  private static func format(_ file: String) throws -> LineChart.Format {
    guard let format = LineChart.Format(rawValue: URL(fileURLWithPath: file).pathExtension.lowercased())
    else {
      throw PipelineError.usage("--plot is '\(file)'; a file that ends in .png or .svg would be right")
    }
    return format
  }
}
