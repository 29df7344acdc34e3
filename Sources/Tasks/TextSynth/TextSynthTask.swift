public import PipelineCore

/// P(text | what it begins with, style).
public struct TextSynth: PipelineTask {
  public init() {}

  public let name = "text-synth"
  public let summary = "write on in a style, and say how probable a text is and in which style it is written"
  public let statement = "P(text | prompt, style)"
  public let verbs: Set<Verb> = [.run, .score, .classify, .complete, .embed, .train, .evaluate]
  public let outputExtension = "txt"
  public let inputExtensions: Set<String> = ["txt"]

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "write-text", summary: "write on from the beginning of a text", options: WriteTextStage.options
      ) { try WriteTextStage($0, $1.specification(for: "write-text")) }
    ]
  }

  static let modelOption = OptionDescription.text("model", help: "the model; `pipeline list` names them")
  static let weightsOption = OptionDescription.text(
    "weights", default: "", help: "a file that `train` wrote, in place of the model's")
}

extension TextSynth: WritingTask {
  public func texts(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnTexts
  {
    try WriteTextStage(options, specification).texts(text, context: context)
  }
}
