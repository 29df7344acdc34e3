internal import Conditioners
internal import Families
internal import PipelineCore
internal import Torch
internal import TorchNN

extension CaptionModel {
  /// The model with the options' sampler.
  /// - Parameter guidance: instead of the options', which then need not have one.
  /// - Throws: `PipelineError` of kind `.usage` for an unknown sampler.
  func drawing(by options: Options, guidance: Double? = nil) throws -> CaptionModel {
    var settings = description.sampler
    if let sampler = try options.choice("sampler", of: DiffusionFamily.SamplerSettings.Name.self) {
      settings.name = sampler
    }
    if options.integer("steps") > 0 { settings.steps = options.integer("steps") }
    if let guidance {
      settings.guidance = guidance
    } else if options.number("guidance") >= 0 {
      settings.guidance = options.number("guidance")
    }
    return drawing(by: settings)
  }

  /// Whether a picture's bytes do not depend on how many are drawn beside it.
  var drawsInAnyNumber: Bool { FusedUNet.isFast }

  /// Draws a picture for each caption, `[N, C, side, side]`.
  /// - Parameters:
  ///   - captions: places in the vocabulary.
  ///   - other: what guidance leads away from; nil for saying nothing.
  ///   - threads: that may be used; the draws are the same for any number.
  func draw(_ captions: [[Int]], against other: [Int]?, noise: BatchNoise, threads: Int) throws -> Tensor {
    try Autograd.disabled {
      var family = family
      family.threads = max(1, threads)
      let given = try toldEach(captions)
      let against = try other.map { try network.told([$0]).repeated(captions.count) }
      return try family.sample(given: given, against: against, noise: noise)
    }
  }

  /// What the UNet is told of each caption, one by one, for libtorch may round by the number of captions.
  private func toldEach(_ captions: [[Int]]) throws -> Conditioning {
    var known: [[Int]: Conditioning] = [:]
    return try .joined(
      captions.map { caption in
        let told = try known[caption] ?? network.told([caption])
        known[caption] = told
        return told
      })
  }
}
