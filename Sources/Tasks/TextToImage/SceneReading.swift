internal import Foundation
internal import ModelEvaluation
internal import Torch

/// The scenes that come into question for a picture, and how probable each is:
/// P(scene | picture) ∝ P(picture | its description) P(scene).
struct SceneReading {
  let scenes: [Scene]
  /// log P(picture | description) of each, up to a sum that is the same for all, in nats.
  let evidence: [Double]
  /// The same and log P(scene).
  let joint: [Double]

  /// - Parameters:
  ///   - x: `[3, side, side]` over 0…1.
  ///   - candidates: scenes that the judge proposes.
  ///   - levels: of noise at which they are compared.
  init(_ x: Tensor, _ model: CaptionModel, _ judge: SceneJudge, candidates: Int, levels: Int, workers: Int)
    throws
  {
    scenes = try ChunkRunner.single {
      SceneJudge.candidates(try judge.logProbabilities(x.unsqueezed(0))[0], most: candidates)
    }
    evidence = try CaptionEvidence(model, x, levels: levels)(
      scenes.map { SceneVocabulary.tokens(SceneCaptions.canonical($0)).indices }, workers: workers)
    joint = zip(evidence, scenes).map { $0 + log(SceneGrammar.probability(of: $1)) }
  }
}
