internal import Foundation
public import PipelineCore
internal import Torch

/// P(picture | class), by every family behind one interface.
public struct ClassImage: PipelineTask {
  public init() {}

  public let name = "class-image"
  public let summary = "draw a picture of a class, and say what a picture is of"
  public let statement = "P(picture | class)"
  public let verbs: Set<Verb> = [.run, .score, .classify, .complete, .embed, .train, .evaluate]
  public let outputExtension = "png"
  public let inputExtensions: Set<String> = ["png", "jpg", "jpeg"]

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "draw-class-image", summary: "draw pictures given the name of a class", options: DrawStage.options
      ) { try DrawStage.make($0, $1) }
    ]
  }

  static func model(_ options: Options, _ specification: Specification) throws -> (
    name: String, model: ClassImageModel, weights: URL
  ) {
    let entry = try specification.model(named: options.text("model"))
    return (entry.name, try ClassImageModel(contentsOf: entry.weights), entry.weights)
  }
}

extension ClassImage: DrawingTask {
  public func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnFiles
  {
    try DrawStage.make(options, StageEnvironment(specification: specification)).files(text, context: context)
  }
}
