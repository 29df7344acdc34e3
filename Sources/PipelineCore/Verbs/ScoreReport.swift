internal import Foundation

/// log P(x | y) of one x, and what kind of figure it is.
public struct ScoreReport: VerbReport {
  public var input: String
  public var model: String
  /// What was given as y; nil for P(x) = Σ P(x | y) P(y).
  public var condition: String?
  public var nats: Double
  public var bitsPerDimension: Double
  /// Values of x that were counted: missing ones are summed over.
  public var dimensions: Int
  /// `exact`, `bound` or `estimate`.
  public var kind: String
  /// In nats.
  public var standardError: Double?
  /// Network evaluations.
  public var evaluations: Int
  /// What people call one value of x.
  public var unit: String

  /// Programs are told no unit: their figures are called the same for all tasks.
  private enum CodingKeys: String, CodingKey {
    case input, model, condition, nats, bitsPerDimension, dimensions, kind, standardError, evaluations
  }

  public init(
    input: String, model: String, condition: String?, nats: Double, bitsPerDimension: Double, dimensions: Int,
    kind: String, standardError: Double? = nil, evaluations: Int = 1, unit: String = "dim"
  ) {
    self.input = input
    self.model = model
    self.condition = condition
    self.nats = nats
    self.bitsPerDimension = bitsPerDimension
    self.dimensions = dimensions
    self.kind = kind
    self.standardError = standardError
    self.evaluations = evaluations
    self.unit = unit
  }

  /// `in.png: log P(x | sneaker) = -1234.5 nats, 2.271 bits/dim over 784 (mixture, exact)`
  public var text: String {
    let given = condition.map { "x | \($0)" } ?? "x"
    let error = standardError.map { String(format: " ± %.1f", $0) } ?? ""
    let steps = evaluations > 1 ? ", \(evaluations) evaluations" : ""
    return "\(input): log P(\(given)) = \(String(format: "%.1f", nats))\(error) nats, "
      + "\(String(format: "%.3f", bitsPerDimension)) bits/\(unit) over \(dimensions) (\(model), \(kind)\(steps))"
  }
}

/// P(y | x) over all classes, and whether x is like anything the model knows.
public struct ClassificationReport: VerbReport {
  public struct Entry: Encodable, Sendable, Equatable {
    public var name: String
    public var probability: Double

    public init(name: String, probability: Double) {
      self.name = name
      self.probability = probability
    }
  }

  public var input: String
  public var model: String
  /// Of all classes, the most probable first.
  public var posterior: [Entry]
  /// How many held-out x were at least as unusual, 0…1; nil where parts of x are missing.
  public var typicality: Double?
  /// True when `typicality` is below the rate of false rejections that was asked for.
  public var abstains: Bool

  public init(
    input: String, model: String, posterior: [Entry], typicality: Double?, abstains: Bool
  ) {
    self.input = input
    self.model = model
    self.posterior = posterior.sorted { $0.probability > $1.probability }
    self.typicality = typicality
    self.abstains = abstains
  }

  /// `in.png: sneaker 0.981, sandal 0.012, ankle-boot 0.007; typicality 0.43`
  public var text: String {
    let shown = posterior.prefix { $0.probability >= 0.0005 }.prefix(5)
      .map { "\($0.name) \(String(format: "%.3f", $0.probability))" }.joined(separator: ", ")
    let rarity = typicality.map { String(format: "; typicality %.3f", $0) } ?? ""
    return abstains
      ? "\(input): none of the classes: like nothing it was trained on\(rarity) (if anything, \(shown))"
      : "\(input): \(shown)\(rarity)"
  }
}
