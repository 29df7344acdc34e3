public import PipelineCore

extension SuperResolution {
  /// Enlarges the pictures of other tasks by the weights of this one's default model.
  /// - Throws: `PipelineError` where they are not in the folder, or for a scale that they do not reach.
  public static func enlarger(scale: Double, in home: PipelineHome) throws -> PictureEnlarger {
    let specification = try SuperResolution().specification(in: home)
    let options = try Options(
      UpscaleStage.options, owner: "upscale", given: ["scale": GivenOption("\(scale)", place: "the size")],
      fallbacks: specification.defaults)
    let stage = try UpscaleStage.make(options, StageEnvironment(specification: specification))
    return PictureEnlarger(weightsSHA256: stage.weightsSHA256) { try stage($0, context: $1) }
  }
}
