internal import Foundation
internal import PipelineCore
internal import Samplers

/// Writes on: the beginning of a text to the text.
struct WriteTextStage: Stage {
  let name = "write-text"
  private let model: TextModel
  private let options: Options

  static let options: [OptionDescription] = [
    TextSynth.modelOption, TextSynth.weightsOption,
    .text(
      "style", default: "", help: "how it is written; drawn from what the prompt says of it unless given"),
    .integer(
      "length", in: 1...100_000_000, default: 400, help: "bytes that are drawn, always whole characters"),
    .number(
      "temperature", in: 0...100, default: 1,
      help: "below 1: more probable texts; 0: always the most probable byte"),
    .integer("top-k", in: 0...256, default: 0, help: "only so many bytes, the most probable ones; 0 for all"),
    .number(
      "top-p", in: 0...1, default: 1,
      help: "only the most probable bytes that have so much probability together"),
    .flag("only-new", help: "without the prompt"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; sample i of a seed is always the same"),
    .integer("count", in: 1...10_000, default: 1, help: "how many, a line --- between them"),
    .integer("first", in: 0...1_000_000_000, default: 0, help: "index of the first sample"),
  ]

  init(_ options: Options, _ specification: Specification) throws {
    self.options = options
    model = try TextModel.chosen(options, specification).model
    _ = try model.style(options.text("style"))
  }

  func callAsFunction(_ text: String, context: StageContext) throws -> String {
    try texts(text, context: context).together.text()
  }

  /// Every draw, none of them made yet.
  func texts(_ prompt: String, context: StageContext) throws -> DrawnTexts {
    let drawing = TextDrawing(
      model: model, prompt: Array(prompt.utf8), style: try model.style(options.text("style")),
      length: options.integer("length"),
      choice: TokenChoice(
        temperature: options.number("temperature"), topK: options.integer("top-k"),
        topP: options.number("top-p")),
      seed: UInt64(options.integer("seed")))
    let (first, isWhole) = (options.integer("first"), !options.flag("only-new"))
    return DrawnTexts(
      single: (first..<first + options.integer("count")).map { index in
        (
          index: index,
          text: TextStream { write in
            if isWhole { try write(prompt) }
            try drawing(index, context: context, write)
          }
        )
      })
  }
}
