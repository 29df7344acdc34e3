internal import Conditioners
internal import Families
internal import StepInference
internal import Torch
internal import TorchNN

/// A policy's family on tensors, as it is trained and scored; chunks are `[N, D]` over −1…1, and what they are told is
/// `Conditioning.global`.
struct PolicyFamily: Sendable {
  let family: any Trainable & Sampling
  private let description: PolicyDescription

  init(_ description: PolicyDescription, _ network: ResidualPerceptron) throws {
    self.description = description
    let dimensions = description.dimensions
    @Sendable func told(_ given: Conditioning) throws -> Tensor {
      guard let global = given.global else { throw TensorError("a policy wants to be told an observation") }
      return global
    }
    switch description.family {
    case .diffusion, .flowMatching:
      guard let configuration = description.diffusion, let sampler = description.sampler else {
        throw TensorError("a policy by diffusion lacks what it needs")
      }
      var diffusion = DiffusionFamily(
        configuration, sampleShape: [dimensions, 1, 1], settings: sampler,
        backbone: { x, time, given in
          let flat = try x.reshaped([x.shape[0], dimensions])
          return try network(flat, time: time, condition: told(given)).reshaped(x.shape)
        })
      diffusion.bounds = -1...1
      family = diffusion
    case .regression:
      family = PointEstimate(loss: .squared) { try network(nil, time: nil, condition: told($0)) }
    case .autoregressive:
      family = BinnedValues(dimensions: dimensions, bins: description.bins ?? 2) {
        try network($0, time: nil, condition: told($1))
      }
    case .mixtureDensity:
      family = MixtureDensity(
        components: description.components ?? 1, dimensions: dimensions, floor: PolicyDescription.chunkFloor
      ) { try network(nil, time: nil, condition: told($0)) }
    }
  }

  /// The shape in which the family takes chunks.
  func shaped(_ chunks: Tensor) throws -> Tensor {
    switch description.family {
    case .diffusion, .flowMatching: try chunks.reshaped([chunks.shape[0], description.dimensions, 1, 1])
    default: chunks
    }
  }

  func loss(_ chunks: Tensor, told: Tensor, noise: BatchNoise) throws -> Tensor {
    try family.loss(shaped(chunks), given: Conditioning(global: told), noise: noise)
  }
}

extension PolicyDescription {
  /// The density of an action given the observations around it.
  /// - Parameter backbone: on tensors; nil where single actions are asked about.
  func recentDensity(_ backbone: MixtureDensity.Backbone?) -> MixtureDensity {
    let (components, floor) = Self.recentMixture
    guard let backbone else {
      return MixtureDensity(components: components, dimensions: actionSize, floor: floor)
    }
    return MixtureDensity(components: components, dimensions: actionSize, floor: floor, backbone: backbone)
  }
}
