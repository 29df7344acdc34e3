internal import Families
public import Foundation
internal import ModelEvaluation
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

/// What a policy is made of and for; stored beside its weights.
struct PolicyDescription: StoredDescription, Sendable, Equatable {
  static let (architecture, modelPhrase) = ("imitation", "a policy of imitation")

  /// How actions are modelled.
  enum Family: String, Codable, Sendable, CaseIterable {
    case diffusion, autoregressive, regression
    case flowMatching = "flow-matching"
    case mixtureDensity = "mixture-density"
  }

  /// What decides one number of an observation or an action: (x − shift) / scale.
  struct Scaling: Codable, Sendable, Equatable {
    var shift: [Float]
    var scale: [Float]

    var isPlausible: Bool {
      shift.count == scale.count && (shift + scale).allSatisfy(\.isFinite) && scale.allSatisfy { $0 > 0 }
    }
  }

  var family: Family
  /// Of several that one policy does, one of which every observation is of; empty where there is but one.
  var tasks: [String]
  /// By mean and deviation.
  var observation: Scaling
  /// To −1…1 by the least and the largest.
  var action: Scaling
  /// Numbers of an action that were always the same; nil for none.
  var constants: [Int]?
  /// Observations, the last one among them, that actions are decided by.
  var history: Int
  /// Actions of a chunk.
  var horizon: Int
  /// Of these, how many are meant to be carried out before the next chunk is asked for.
  var executed: Int
  var network: ResidualPerceptron.Configuration
  /// Of P(last action | observations before and behind it).
  var recent: ResidualPerceptron.Configuration
  /// Of the diffusion families.
  var diffusion: DiffusionFamily.Configuration?
  var sampler: DiffusionFamily.SamplerSettings?
  /// Of the autoregressive family.
  var bins: Int?
  /// Of the mixture density.
  var components: Int?
  /// How well the last actions of held-out demonstrations were explained.
  var typicality: Typicality?
  /// Where `evaluate` runs it.
  var environments: [String]

  /// Numbers of an observation and of an action.
  var observationSize: Int { observation.shift.count }
  var actionSize: Int { action.shift.count }
  /// Of a chunk.
  var dimensions: Int { horizon * actionSize }
  /// Of what the network is told.
  var condition: Int { history * observationSize + tasks.count }

  /// Of the density of last actions: how many normal distributions, and their smallest deviation in a network's units.
  static let recentMixture = (components: 5, floor: 0.05)
  /// Those that go step by step without noise of their own.
  static let samplers: [DiffusionFamily.SamplerSettings.Name] = [.euler, .dpmSolver]
  /// Of the density of whole chunks.
  static let chunkFloor = 0.02

  var isPlausible: Bool {
    let sizes = (1...100_000).contains(observationSize) && (1...10_000).contains(actionSize)
    guard observation.isPlausible, action.isPlausible, sizes, (1...64).contains(history),
      (1...1024).contains(horizon), (1...horizon).contains(executed), network.isPlausible, recent.isPlausible,
      (constants ?? []).allSatisfy({ (0..<actionSize).contains($0) }), network.condition == condition,
      recent.condition == 2 * observationSize + tasks.count,
      recent.inputs == 0, recent.tokens == nil, network.tokens.map({ $0 == horizon }) ?? true,
      !recent.hasTime,
      recent.outputs
        == MixtureDensity.outputs(components: Self.recentMixture.components, dimensions: actionSize),
      typicality?.isPlausible ?? true
    else { return false }
    let (inputs, outputs, hasTime) = (network.inputs, network.outputs, network.hasTime)
    switch family {
    case .diffusion, .flowMatching:
      return inputs == dimensions && outputs == dimensions && hasTime && (diffusion?.deviation ?? 0) > 0
        && sampler.map {
          $0.isPlausible && $0.guidance == 1 && $0.steps <= 1000 && Self.samplers.contains($0.name)
        }
          == true
    case .regression: return inputs == 0 && outputs == dimensions && !hasTime
    case .autoregressive:
      return inputs == 2 * dimensions && network.tokens == nil && (2...4096).contains(bins ?? 0)
        && outputs == bins && !hasTime
    case .mixtureDensity:
      return inputs == 0 && (1...256).contains(components ?? 0) && !hasTime
        && outputs == MixtureDensity.outputs(components: components ?? 0, dimensions: dimensions)
    }
  }
}

/// The two networks of a policy as they are trained.
final class PolicyNetwork: Module {
  let actions: ResidualPerceptron
  let recent: ResidualPerceptron

  init(_ description: PolicyDescription) throws {
    actions = try ResidualPerceptron(description.network)
    recent = try ResidualPerceptron(description.recent)
  }
}

extension PolicyDescription {
  /// What the network is told of observations, the oldest first; where there are too few, the first stands for those before
  /// it.
  /// - Parameters:
  ///   - observations: in the data's own units, at least one.
  ///   - task: its place in `tasks`.
  func condition(_ observations: ArraySlice<[Float]>, history: Int, task: Int?) -> [Float] {
    let lacking = max(0, history - observations.count)
    let rows = [[Float]](repeating: observations.first ?? [], count: lacking) + observations.suffix(history)
    return rows.flatMap(normalized) + tasks.indices.map { $0 == task ? 1 : 0 }
  }

  /// Beyond ten deviations nothing was learned, and nothing more is to be told.
  private func normalized(_ observation: [Float]) -> [Float] {
    observation.indices.map {
      min(max((observation[$0] - self.observation.shift[$0]) / self.observation.scale[$0], -10), 10)
    }
  }

  /// To −1…1.
  func inside(_ action: ArraySlice<Float>) -> [Float] {
    zip(action, zip(self.action.shift, self.action.scale)).map { ($0 - $1.0) / $1.1 }
  }

  /// Back, one action after the other, none beyond what was ever demonstrated.
  func outside(_ chunk: [Float]) -> [[Float]] {
    (0..<horizon).map { step in
      (0..<actionSize).map {
        constants?.contains($0) == true
          ? action.shift[$0]
          : min(max(chunk[step * actionSize + $0], -1), 1) * action.scale[$0] + action.shift[$0]
      }
    }
  }
}
