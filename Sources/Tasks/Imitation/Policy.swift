internal import Families
public import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// A policy as a control loop has it: one observation at a time, without libtorch, in microseconds. Safe to use from several
/// threads.
public struct Policy: Sendable {
  let description: PolicyDescription
  private let network: PerceptronSteps
  private let recent: PerceptronSteps
  private let diffusion: DiffusionSteps?

  /// Numbers of an observation, of an action, and actions of a chunk.
  public var observationSize: Int { description.observationSize }
  public var actionSize: Int { description.actionSize }
  public var horizon: Int { description.horizon }
  /// Actions that are meant to be carried out before the next chunk is asked for.
  public var executed: Int { description.executed }
  /// Of several that the policy does; empty where there is but one.
  public var tasks: [String] { description.tasks }
  /// Observations that a chunk depends on.
  public var history: Int { description.history }

  /// Reads a `.safetensors` file made by `pipeline train imitation`.
  /// - Parameters:
  ///   - steps: of the sampler instead of the model's own; families without steps have none.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL, steps: Int? = nil) throws {
    var description = try PolicyDescription(contentsOf: file)
    if let steps { description.sampler?.steps = steps }
    let name = file.lastPathComponent
    try self.init(description, HostWeights(Safetensors(contentsOf: file), name: name), name: name)
  }

  init(_ description: PolicyDescription, _ weights: HostWeights, name: String) throws {
    self.description = description
    network = try PerceptronSteps(description.network, weights: weights, prefix: "actions.")
    recent = try PerceptronSteps(description.recent, weights: weights, prefix: "recent.")
    if let configuration = description.diffusion, let sampler = description.sampler {
      guard
        let steps = DiffusionSteps(configuration, settings: sampler, bounds: -1...1, network: network)
      else { throw TensorError("\(name): its sampler is none that goes step by step") }
      diffusion = steps
    } else {
      diffusion = nil
    }
  }

  /// A draw of the next actions given the last observations.
  /// - Parameters:
  ///   - observations: the oldest first, in the data's own units; those before the last `history` are not looked at.
  ///   - task: its place in `tasks`.
  ///   - seed: with `sample` and `step` it decides the draw.
  /// - Returns: `[horizon][actionSize]`, in the data's own units.
  /// - Throws: `PipelineError` of kind `.data` where weights are so large that nothing comes of them.
  public func actions(
    given observations: [[Float]], task: Int? = nil, seed: UInt64, sample: Int = 0, step: Int = 0
  ) throws -> [[Float]] {
    precondition(!observations.isEmpty && observations.allSatisfy { $0.count == observationSize })
    let told = network.told(
      description.condition(observations[...], history: description.history, task: task))
    let noise = BatchNoise(seed: seed, samples: [UInt64(sample)], firstStep: step)
    let actions = description.outside(try chunk(told, noise))
    guard actions.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { throw Self.isBroken }
    return actions
  }

  private static let isBroken = PipelineError.data("the policy's weights give numbers that are not finite")

  /// What the network says.
  private func said(_ x: [Float], _ told: PerceptronSteps.Told) throws -> [Float] {
    let values = network(x, told: told)
    guard values.allSatisfy(\.isFinite) else { throw Self.isBroken }
    return values
  }

  private func chunk(_ told: PerceptronSteps.Told, _ noise: BatchNoise) throws -> [Float] {
    switch description.family {
    case .diffusion, .flowMatching: return diffusion?.draw(told, noise: noise) ?? []
    case .regression: return try said([], told)
    case .autoregressive:
      let family = BinnedValues(dimensions: description.dimensions, bins: description.bins ?? 2)
      var values: [Float] = []
      for place in 0..<description.dimensions {
        let shown = family.shown(
          values + [Float](repeating: 0, count: description.dimensions - place), count: place)
        values.append(family.draw(try said(shown, told), place: place, noise: noise))
      }
      return values
    case .mixtureDensity:
      return MixtureDensity(
        components: description.components ?? 1, dimensions: description.dimensions,
        floor: PolicyDescription.chunkFloor
      ).draw(try said([], told), noise: noise)
    }
  }

  /// log p(action | the observation before it and the one behind it), exact for the policy's mixture density, in nats and in
  /// the policy's units of an action (−1…1): what the action did is what it should have done.
  public func logProbability(
    ofAction action: [Float], before: [Float], behind: [Float], task: Int? = nil
  ) -> Double {
    precondition(action.count == actionSize)
    let told = recent.told(description.condition([before, behind][...], history: 2, task: task))
    return description.recentDensity(nil).logProbability(description.inside(action[...]), recent(told: told))
  }

  /// Whether an action is one that `logProbability` can be asked about: finite, also in the policy's units.
  public func canMean(_ action: [Float]) -> Bool {
    description.inside(action[...]).allSatisfy { abs($0) < 1e15 }
  }

  /// How surprising the mean of `logProbability` over the last actions is: the share of held-out demonstrations' steps that
  /// were less so; nil for a policy that was not calibrated.
  public func surprise(_ meanLogProbability: Double) -> Double? {
    description.typicality.map { 1 - $0(meanLogProbability) }
  }

  /// Actions over which surprise is measured.
  public static let surpriseWindow = 8
}
