internal import Torch

/// Scenes that are drawn, rendered and described when they are asked for.
struct SceneSource: CaptionSource {
  let channels = 3
  let side = SceneRenderer.side
  let vocabulary = SceneVocabulary.known
  let attributes: [Int]? = SceneAttributes.sizes
  let captions: [String]? = nil

  /// What is watched are scenes of other noises, as any scene is new.
  func samples(_ noise: BatchNoise, _ part: CaptionPart) throws -> CaptionedSamples {
    let rendered = try RenderedScenes(noise, stream: part == .scale ? "scale" : "scenes") {
      SceneGrammar.drawTraining($0)
    }
    return CaptionedSamples(
      x: rendered.x, words: rendered.words,
      attributeLoss: { try SceneAttributes.loss($0, rendered.scenes) })
  }
}
