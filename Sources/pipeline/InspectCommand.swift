import ArgumentParser
import Foundation
import MediaIO
import PipelineKit

/// `pipeline inspect FILE`: what a file of this tool says about itself.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a picture, a recording or a weights' file says about itself."
  )

  @Argument(help: "A PNG, JPEG, sound or safetensors file.")
  var file: String

  @Flag(help: "Print as JSON.")
  var json = false

  func run() throws {
    let facts = try FileFacts(URL(fileURLWithPath: file))
    if json {
      try printResult(
        "", json: Dictionary(facts.entries.map { ($0.key, $0.value) }) { $0 + "\n" + $1 }, asJSON: true)
    } else {
      let width = facts.entries.map(\.key.count).max() ?? 0
      let lines = facts.entries.map {
        $0.key.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + $0.value
      }
      try StandardStreams.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }
  }
}
