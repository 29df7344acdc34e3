internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import PipelineCore
internal import Torch
internal import TorchNN

/// A trained denoiser of residuals with what its file says about it: P(high | low) around the mean that a point estimate
/// gives.
struct PosteriorModel: Sendable {
  struct Description: StoredDescription, Equatable {
    static let architecture = "super-resolution-posterior"
    static let modelPhrase = "a posterior of super-resolution"

    var network: PosteriorNetwork.Configuration
    var diffusion: DiffusionFamily.Configuration
    var sampler: DiffusionFamily.SamplerSettings
    var local: LocalDeviation
    /// The deviation across the colour line, of the square of that along it.
    var across: LocalDeviation
    /// How what lies across is distributed, in these deviations.
    var tails: StudentTails
    /// How many times wider draws are than training made them, so that as much of the truth lies within their intervals on
    /// held-out pictures as should.
    var widening: Double
    /// SHA-256 of the point estimate's weights, whose residuals it learned.
    var meanSHA256: String

    var isPlausible: Bool {
      network.isPlausible && local.isPlausible && across.isPlausible && tails.isPlausible
        && (0.1...10).contains(widening)
        && sampler.isPlausible && diffusion.deviation > 0
    }
  }

  var description: Description
  let network: PosteriorNetwork

  /// The file that `init(contentsOf:)` reads, with more to say about its making in `notes`.
  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  /// P(y | low) of the residual's variable.
  /// - Parameters:
  ///   - height: of the low-resolution picture.
  ///   - drawing: the network without gradients, where draws have a faster one.
  ///   - afterEvaluation: called after each evaluation with gradients; throws to stop.
  func family(
    height: Int, width: Int, drawing: DiffusionFamily.Backbone? = nil,
    afterEvaluation: @escaping @Sendable () throws -> Void = {}
  ) -> DiffusionFamily {
    let network = network
    var family = DiffusionFamily(
      description.diffusion, sampleShape: [description.network.residualChannels, height, width],
      settings: description.sampler, drawing: drawing
    ) {
      let result = try network($0, $1, $2)
      try afterEvaluation()
      return result
    }
    family.flowRange = description.sampler.range
    return family
  }
}

extension PosteriorModel {
  /// What the model's distribution is made of for such pictures.
  /// - Parameter correction: of the deviation, as `network.deviation` gives it.
  func space(_ features: MeanFeatures, correction: Tensor) throws -> ResidualSpace {
    try ResidualSpace(
      features, correction: correction, across: description.across, widening: description.widening,
      roots: network.roots)
  }

  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken, or of another kind.
  init(contentsOf file: URL) throws {
    description = try Description(contentsOf: file)
    network = try PosteriorNetwork(description.network)
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }
}
