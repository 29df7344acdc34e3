internal import Torch

/// The captions that come into question for a picture, of those that a model learned, and how probable each is: all are
/// as probable before.
struct CaptionReading {
  let captions: [String]
  /// log P(picture | caption) of each, up to a sum that is the same for all, in nats.
  let evidence: [Double]

  /// - Parameters:
  ///   - x: `[C, side, side]` over 0…1.
  ///   - candidates: captions that the matcher proposes.
  ///   - levels: of noise at which they are compared.
  init(
    _ x: Tensor, _ model: CaptionModel, _ matcher: CaptionMatcher, candidates: Int, levels: Int, workers: Int
  )
    throws
  {
    let known = Set(model.description.captions ?? []).sorted()
    let near = try ChunkRunner.single {
      try Autograd.disabled { try matcher.nearness(x.unsqueezed(0), matcher.directions(known)).floats() }
    }
    captions = known.indices.sorted { near[$0] > near[$1] }.prefix(candidates).map { known[$0] }
    let vocabulary = model.description.vocabulary
    evidence = try CaptionEvidence(model, x, levels: levels)(
      captions.map { vocabulary.tokens($0).indices }, workers: workers)
  }
}
