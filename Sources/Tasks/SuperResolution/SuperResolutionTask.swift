internal import Families
public import Foundation
internal import ModelTraining
public import PipelineCore
internal import Torch
internal import TorchNN

/// P(high-resolution picture | low-resolution picture).
public struct SuperResolution: PipelineTask {
  public init() {}

  public let name = "super-resolution"
  public let summary = "enlarge a picture"
  public let statement = "P(picture | smaller picture)"
  public let verbs: Set<Verb> = [.run, .score, .train, .evaluate]
  public let outputExtension = "png"
  public let inputExtensions: Set<String> = ["png", "jpg", "jpeg"]

  public var options: [OptionDescription] {
    UpscaleStage.options.filter { ["scale", "degradation"].contains($0.name) }
  }

  public var stages: [StageDefinition] {
    [
      StageDefinition(
        "upscale", summary: "enlarge a picture by a model of super-resolution", options: UpscaleStage.options
      ) { try UpscaleStage.make($0, $1) }
    ]
  }
}

extension SuperResolution {
  /// One model may take several files.
  public func weightsSHA256(_ options: [String: String], _ specification: Specification) throws -> String? {
    guard let scale = options["scale"].flatMap(Double.init), ScalePlan.range.contains(scale) else {
      return nil
    }
    let weights = try ScaleWeights(
      specification.model(named: options["model"]),
      degradation: options["degradation"].flatMap(Degradation.init) ?? .bicubic)
    return try weights.sha256(ScalePlan(scale: scale, available: weights.scales))
  }

  /// Models are trained and judged at whole scales.
  func wholeScale(_ options: Options) throws -> Int {
    let wanted = options.number("scale")
    guard let scale = Int(exactly: wanted) else {
      throw PipelineError.usage("--scale is \(wanted); a whole number such as 2 would be right here")
    }
    return scale
  }

  /// Where `train --publish` puts the weights.
  public func publishedWeights(_ request: TrainingRequest, _ specification: Specification) throws -> URL {
    let entry = try specification.model(named: request.model)
    return try ScaleWeights.isJudge(entry)
      ? entry.weights
      : ScaleWeights(entry, degradation: UpscaleStage.degradation(request.options))
        .file(wholeScale(request.options))
  }
}

extension SuperResolution: StreamingTask {
  private static let fileSteps = ["decode-image", "upscale", "encode-png"]

  public func fileStream(_ pipeline: Pipeline) throws -> FileStream? {
    guard pipeline.steps.map(\.definition.name) == Self.fileSteps else { return nil }
    let environment = StageEnvironment(specification: pipeline.specification)
    let upscale = try UpscaleStage.make(pipeline.steps[1].options, environment)
    guard upscale.drawn == nil else { return nil }
    return { try upscale.stream($0, to: $1, context: $2) }
  }
}

extension SuperResolution: ConditionalDrawingTask {
  public func isRandom(_ pipeline: Pipeline) throws -> Bool {
    try pipeline.options["model"].map {
      try ScaleWeights(pipeline.specification.model(named: $0)).mean != nil
    } ?? false
  }

  public func draws(_ pipeline: Pipeline) throws -> (
    (_ input: Data, _ context: StageContext) throws -> DrawnFiles
  )? {
    guard try isRandom(pipeline), pipeline.options["count"] != "1",
      pipeline.steps.map(\.definition.name) == Self.fileSteps
    else { return nil }
    let environment = StageEnvironment(specification: pipeline.specification)
    let upscale = try UpscaleStage.make(pipeline.steps[1].options, environment)
    return upscale.drawn.map { drawn in { try drawn.files($0, context: $1) } }
  }
}
