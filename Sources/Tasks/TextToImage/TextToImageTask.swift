internal import Foundation
public import PipelineCore

/// P(picture | caption).
public struct TextToImage: PipelineTask {
  /// For pictures larger than a model's.
  let enlarger: PictureEnlarger.Finder?

  /// - Parameter enlarger: for pictures larger than a model's; cubic interpolation where there is none.
  public init(enlarger: PictureEnlarger.Finder? = nil) { self.enlarger = enlarger }

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
      ) { try DrawCaptionStage.make($0, $1, enlarger) }
    ]
  }

  public func otherWeights(_ options: [String: String], _ specification: Specification) throws
    -> [String: String]
  {
    let model = try CaptionModel.Description(
      contentsOf: specification.model(named: options["model"]).weights)
    let checker = CheckedDrawing.checker(
      model, tries: options["tries"].flatMap(Int.init) ?? 1, specification)
    let size = options["size"].flatMap(Int.init) ?? model.side
    return try PictureFile.weights(of: PictureFile.enlarger(enlarger, side: model.side, size: size))
      .merging(CheckedDrawing.weights(of: checker)) { $1 }
  }
}

extension TextToImage: DrawingTask {
  public func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnFiles
  {
    try DrawCaptionStage.make(options, StageEnvironment(specification: specification), enlarger).files(
      text, context: context)
  }
}
