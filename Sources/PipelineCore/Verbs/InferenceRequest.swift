public import Foundation

/// What `score`, `classify`, `complete` and `embed` are asked about one x.
public struct InferenceRequest: Sendable {
  /// The file's contents.
  public var input: Data
  /// What messages call it.
  public var name: String
  /// Those that the task describes for the verb.
  public var options: Options
  public var context: StageContext

  public init(input: Data, name: String, options: Options, context: StageContext = StageContext()) {
    self.input = input
    self.name = name
    self.options = options
    self.context = context
  }
}

/// A result for people (a line) and for programs (an object).
public protocol VerbReport: Encodable, Sendable {
  var text: String { get }
}

extension VerbReport {
  /// One line of JSON with sorted keys.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Texts and numbers always encode.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }
}

/// A task that is asked about single x. Its models differ in what they can say; the task refuses what the chosen one
/// cannot, with a `PipelineError` of kind `.usage` that names those that can.
public protocol InferringTask: PipelineTask {
  /// The options of one verb, `model` among them.
  func options(of verb: Verb) -> [OptionDescription]
  /// The option that words behind the input belong to, one a line; nil for a verb whose words are all inputs.
  func wordsOption(of verb: Verb) -> String?
  /// The option that names the input's file where no input stands by itself; nil for a verb without one.
  func inputOption(of verb: Verb) -> String?
}

extension InferringTask {
  public func wordsOption(of verb: Verb) -> String? { nil }
  public func inputOption(of verb: Verb) -> String? { nil }
}

/// log P(x | y).
public protocol ScoringTask: InferringTask {
  func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport
}

/// P(y | x) by Bayes's rule.
public protocol ClassifyingTask: InferringTask {
  func classify(_ request: InferenceRequest, _ specification: Specification) throws -> ClassificationReport
}

/// The most probable y by Bayes's rule, in words.
public protocol DescribingTask: InferringTask {
  func describe(_ request: InferenceRequest, _ specification: Specification) throws -> ClassificationReport
}

/// Draws from P(missing part of x | known part, y).
public protocol CompletingTask: InferringTask {
  /// - Returns: the file's contents for each draw, alone, and for all together.
  func complete(_ request: InferenceRequest, _ specification: Specification) throws -> DrawnFiles
}

/// x as a short vector.
public protocol EmbeddingTask: InferringTask {
  func embed(_ request: InferenceRequest, _ specification: Specification) throws -> [Float]
}

/// A task that draws x from nothing but y.
public protocol DrawingTask: PipelineTask {
  /// The draws of the options' seed, `first` to `first + count − 1`, with the bytes that each has when drawn alone.
  /// - Parameter text: y in words; empty where the options say it, or where it is drawn from P(y).
  func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext) throws
    -> DrawnFiles
}

/// A task that draws x given a file, of which some models give one x and others many.
public protocol ConditionalDrawingTask: PipelineTask {
  /// Whether what the pipeline gives depends on the seed and the number of draws.
  func isRandom(_ pipeline: Pipeline) throws -> Bool

  /// The draws of the pipeline's options given one input, with the bytes that each has when drawn alone; nil where the
  /// options ask for one.
  func draws(_ pipeline: Pipeline) throws -> ((_ input: Data, _ context: StageContext) throws -> DrawnFiles)?
}

/// Draws as files.
public struct DrawnFiles: Sendable {
  /// One file for each draw, by its index.
  public var single: [(index: Int, data: Data)]
  /// All of them in one file; the draw itself where there is one.
  public var together: Data

  public init(single: [(index: Int, data: Data)], together: Data) {
    self.single = single
    self.together = together
  }
}
