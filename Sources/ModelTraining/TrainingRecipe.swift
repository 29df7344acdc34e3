public import TorchNN

/// How a model is trained: everything that, with the data, decides the weights.
public struct TrainingRecipe: Codable, Sendable, Equatable {
  public enum Optimizer: String, Codable, Sendable, CaseIterable {
    case adamw
    /// Muon for the hidden layers' weights, AdamW for the rest.
    case muon
  }

  public enum Precision: String, Codable, Sendable, CaseIterable {
    case float32
    /// Products in bfloat16; weights, sums of residuals and the optimiser in float32.
    case bfloat16
  }

  /// Keys everything random: initial weights, which samples, how they are turned.
  public var seed: UInt64 = 1
  public var steps: Int
  /// Chunks that make one step; each is worked on by one thread, and gradients are summed in their order.
  public var chunksPerStep: Int = 2
  /// Samples of one chunk.
  public var chunkSize: Int
  public var optimizer: Optimizer = .muon
  /// Peak rate of AdamW.
  public var learningRate: Double = 1e-3
  /// Peak rate of Muon.
  public var hiddenLearningRate: Double = 2e-3
  /// Both rates end at this share of their peaks.
  public var finalRateShare: Double = 0.01
  public var warmupSteps: Int = 100
  public var weightDecay: Double = 0
  /// AdamW's β₁; 0.9 unless given. Adversarial training wants less.
  public var momentum: Double?
  /// Largest L2 norm of a step's gradients; 0 for none. A limit that most steps reach gives every batch the same weight,
  /// and so another minimum than the loss has.
  public var gradientClip: Double = 0
  public var emaDecay: Double = 0.999
  public var precision: Precision = .float32
  /// How the file holds the weights; half unless given.
  public var storage: WeightStorage?
  /// Steps between evaluations.
  public var evaluateEvery: Int = 1000
  /// Steps between checkpoints.
  public var checkpointEvery: Int = 500

  public init(steps: Int, chunkSize: Int) {
    self.steps = steps
    self.chunkSize = chunkSize
  }

  /// - Throws: `TrainingError` that names the first number that cannot be.
  public func check() throws {
    let counts = [
      ("chunksPerStep", chunksPerStep), ("chunkSize", chunkSize), ("evaluateEvery", evaluateEvery),
      ("checkpointEvery", checkpointEvery),
    ]
    for (name, value) in counts where !(1...1_000_000_000).contains(value) {
      throw TrainingError("the recipe's \(name) is \(value); 1 or more would be right")
    }
    for (name, value) in [("steps", steps), ("warmupSteps", warmupSteps)] where value < 0 {
      throw TrainingError("the recipe's \(name) is \(value); 0 or more would be right")
    }
    let numbers = [
      ("learningRate", learningRate), ("hiddenLearningRate", hiddenLearningRate),
      ("finalRateShare", finalRateShare), ("weightDecay", weightDecay), ("gradientClip", gradientClip),
    ]
    for (name, value) in numbers where !(value >= 0 && value.isFinite) {
      throw TrainingError("the recipe's \(name) is \(value); 0 or more would be right")
    }
    if let momentum, !(0..<1).contains(momentum) {
      throw TrainingError("the recipe's momentum is \(momentum); a number from 0 to below 1 would be right")
    }
    guard (0..<1).contains(emaDecay) else {
      throw TrainingError("the recipe's emaDecay is \(emaDecay); a number from 0 to below 1 would be right")
    }
  }

  /// Samples of one step.
  public var samplesPerStep: Int { chunksPerStep * chunkSize }
}
