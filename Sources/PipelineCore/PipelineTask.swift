public import Foundation
public import MediaIO

/// What a task can be asked to do; one set of verbs over all tasks.
public enum Verb: String, Sendable, CaseIterable, Comparable {
  /// Draw x given y.
  case run
  /// log P(x | y), or P(x) = Σ P(x | y) P(y) without a condition.
  case score
  /// x as a short vector.
  case embed
  /// P(y | x).
  case classify
  /// The most probable y in words.
  case describe
  /// Fill in what is missing of x.
  case complete
  case evaluate
  case train

  public static func < (a: Verb, b: Verb) -> Bool { a.rawValue < b.rawValue }
}

/// One P(x | y): what x and y are, what can be done with it, and the stages it brings along.
public protocol PipelineTask: Sendable {
  /// Also the name of its folder in `pipelines/`: `super-resolution`.
  var name: String { get }
  var summary: String { get }
  /// `P(picture | smaller picture)`
  var statement: String { get }
  var verbs: Set<Verb> { get }
  /// Of the files that `run` writes, without the dot.
  var outputExtension: String { get }
  /// Those that `-o` may end in; where there are several, the stage's option `format` takes the one that it does.
  var outputExtensions: Set<String> { get }
  /// Of the files that `run` takes from folders, in lower case.
  var inputExtensions: Set<String> { get }
  /// Beside `Specification.commonOptions`; a specification's `defaults` may set them.
  var options: [OptionDescription] { get }
  /// Their names are unique over all tasks.
  var stages: [StageDefinition] { get }
  /// The weights that a run with these options takes, as its provenance records them; nil for a task without.
  func weightsSHA256(_ options: [String: String], _ specification: Specification) throws -> String?
  /// The SHA-256 of other weights that decide what comes out, by the names that a provenance's condition gives them.
  func otherWeights(_ options: [String: String], _ specification: Specification) throws -> [String: String]
}

/// Makes an output file from an input file without holding either in memory.
public typealias FileStream =
  @Sendable (_ input: URL, _ output: AtomicFile, _ context: StageContext) throws -> Void

/// A task whose inputs may be larger than memory.
public protocol StreamingTask: PipelineTask {
  /// What gives, file by file, the very bytes of the pipeline; nil when this pipeline has other stages.
  /// - Throws: what making the stages throws.
  func fileStream(_ pipeline: Pipeline) throws -> FileStream?
}

extension PipelineTask {
  public var options: [OptionDescription] { [] }
  public var inputExtensions: Set<String> { [] }
  public var outputExtensions: Set<String> { [outputExtension] }

  public func weightsSHA256(_ options: [String: String], _ specification: Specification) throws -> String? {
    try options["model"].map { try Digest.sha256(of: specification.model(named: $0).weights) }
  }

  public func otherWeights(_ options: [String: String], _ specification: Specification) throws
    -> [String: String]
  { [:] }

  /// The task's specification as it lies in `pipelines/`.
  /// - Throws: `PipelineError` of kind `.usage`: not there, broken, or of another task.
  public func specification(in home: PipelineHome) throws -> Specification {
    let file = home.specification(of: name)
    let specification = try Specification(contentsOf: file, options: options)
    guard specification.task == name else {
      throw PipelineError.usage("\(file.path) is of task '\(specification.task)'; '\(name)' would be right")
    }
    return specification
  }
}
