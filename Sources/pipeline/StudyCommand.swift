import ArgumentParser
import Foundation
import Logging
import PipelineKit

/// `pipeline study NAME`: an experiment whose result is a page.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Do an experiment whose result is a page with tables and charts.",
    discussion: """
      generative-vs-discriminative: \(GenerativeVersusDiscriminative.summary).
      --tables is a folder of CSV files with a column 'class', such as scripts/gather-tables writes; --data holds \
      MNIST's files or a folder of pictures for each class, Fashion-MNIST where Debian puts it unless given; --foreign \
      likewise, pictures of no class. What was done before a stop is not done again. The path of the page goes to \
      standard output.
      """)

  @Argument(help: "The study: generative-vs-discriminative.")
  var name: String

  @Option(help: ArgumentHelp("Tables; left out unless given.", valueName: "folder"))
  var tables: String?

  @Option(help: ArgumentHelp("Pictures, or 'none'.", valueName: "folder"))
  var data: String?

  @Option(help: ArgumentHelp("Pictures that are of no class.", valueName: "folder"))
  var foreign: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("For the page, its charts and all results.", valueName: "folder"))
  var output: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Random partitions of each table.", valueName: "n"))
  var splits = 100

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (2...10_000).contains(splits) else {
      throw ValidationError("--splits is \(splits); 2 to 10000 would be right")
    }
  }

  func run() throws {
    guard name == GenerativeVersusDiscriminative.name else {
      throw PipelineError.usage(
        NearestName.unknown("study", name, known: [GenerativeVersusDiscriminative.name], listing: true))
    }
    try ClassImage.checkDevice(common.device ?? "cpu")
    let study = try GenerativeVersusDiscriminative(in: PipelineHome())
    let pictures = data == "none" ? nil : try ClassImage.folder(data.map { [URL(fileURLWithPath: $0)] } ?? [])
    guard tables != nil || pictures != nil else {
      throw PipelineError.usage("--tables is missing, and --data is 'none'; one of them would be right")
    }
    let page = try study(
      .init(
        tables: tables.map { URL(fileURLWithPath: $0) }, pictures: pictures,
        strangers: foreign.map { URL(fileURLWithPath: $0) }, output: URL(fileURLWithPath: output ?? name),
        splits: splits, workers: common.workers, log: common.log, progress: common.progress))
    let path = page.relativePath
    try printResult(path, json: ["study": name, "page": path], asJSON: common.json)
  }
}
