internal import Foundation
public import PipelineCore

/// P(picture | caption).
public struct TextToImage: PipelineTask {
  public init() {}

  public let name = "text-to-image"
  public let summary = "draw a small picture of what a caption says, and say what a picture shows"
  public let statement = "P(picture | caption)"
  public let verbs: Set<Verb> = [.run, .score, .classify, .describe, .complete, .embed, .train, .evaluate]
  public let outputExtension = "png"
  public let inputExtensions: Set<String> = ["png", "jpg", "jpeg"]

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "draw-caption", summary: "draw pictures given captions", options: DrawCaptionStage.options
      ) { try DrawCaptionStage.make($0, $1) }
    ]
  }
}

extension TextToImage: DrawingTask {
  public func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnFiles
  {
    try DrawCaptionStage.make(options, StageEnvironment(specification: specification)).files(
      text, context: context)
  }
}
