public import Foundation

/// What a stage's factory may look at beside its options.
public struct StageEnvironment: Sendable {
  /// The task's specification; none for a stage that belongs to no task.
  public var specification: Specification?

  public init(specification: Specification? = nil) { self.specification = specification }

  /// - Throws: `PipelineError` when the stage was made outside a task.
  public func specification(for stage: String) throws -> Specification {
    guard let specification else {
      throw PipelineError.usage("stage '\(stage)' needs the specification of a task to find its model")
    }
    return specification
  }
}

/// A stage that can be made by name: what `pipeline list` shows and `pipeline stage NAME` runs.
public struct StageDefinition: Sendable {
  public let name: String
  public let summary: String
  public let options: [OptionDescription]
  public let inputType: any StageValue.Type
  public let outputType: any StageValue.Type
  private let factory: @Sendable (Options, StageEnvironment) throws -> AnyStage

  /// - Parameter make: reads the options; the place to open weights, for nothing is made before all is checked.
  public init<Made: Stage>(
    _ name: String, summary: String, options: [OptionDescription] = [],
    make: @escaping @Sendable (Options, StageEnvironment) throws -> Made
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    inputType = Made.Input.self
    outputType = Made.Output.self
    factory = { AnyStage(try make($0, $1)) }
  }

  public var input: ValueKind { inputType.kind }
  public var output: ValueKind { outputType.kind }

  /// Checks options against the descriptions; what is not given comes from the specification's defaults.
  public func options(_ given: [String: GivenOption], in environment: StageEnvironment) throws -> Options {
    try Options(
      options, owner: "stage '\(name)'", given: given,
      fallbacks: environment.specification?.defaults ?? [:])
  }

  public func make(_ options: Options, in environment: StageEnvironment) throws -> AnyStage {
    try factory(options, environment)
  }
}

/// The stages that are known here, by name. A value: whoever registers a stage passes the registry on.
public struct StageRegistry: Sendable {
  private var definitions: [String: StageDefinition] = [:]

  /// - Precondition: no two definitions share a name.
  public init(_ definitions: [StageDefinition] = []) {
    for definition in definitions { register(definition) }
  }

  /// - Precondition: the name is new; two stages of one name are a mistake in the program.
  public mutating func register(_ definition: StageDefinition) {
    precondition(definitions[definition.name] == nil, "stage '\(definition.name)' is registered twice")
    definitions[definition.name] = definition
  }

  /// In the order of their names.
  public var all: [StageDefinition] { definitions.values.sorted { $0.name < $1.name } }

  public subscript(name: String) -> StageDefinition? { definitions[name] }

  /// - Throws: `PipelineError` that names the nearest stage and lists all.
  public func stage(named name: String) throws -> StageDefinition {
    guard let definition = definitions[name] else {
      throw PipelineError.usage(NearestName.unknown("stage", name, known: definitions.keys, listing: true))
    }
    return definition
  }

  /// Runs one stage as `pipeline stage NAME` does.
  ///
  /// - Parameters:
  ///   - input: all of standard input.
  ///   - source: what messages call it.
  /// - Throws: `PipelineError`; for the wrong kind of input one line that says what came, what is wanted, and
  ///   which stage makes that.
  public func runInPipe(
    _ name: String, options given: [String: GivenOption] = [:],
    environment: StageEnvironment = StageEnvironment(),
    input: Data, source: String = "standard input", context: StageContext = StageContext()
  ) throws -> Data {
    let definition = try stage(named: name)
    let options = try definition.options(given, in: environment)
    let contents = PipeContents(input)
    guard contents.mayBe(definition.input) else {
      throw PipelineError.data(
        "stage '\(name)' wants \(definition.input.phrase), but \(source) holds \(contents)"
          + suggestion(definition.input, from: contents.kind))
    }
    return try definition.make(options, in: environment)(pipe: input, name: source, context: context)
  }

  /// `; put stage 'decode-image' before it`, preferring stages that take what came.
  private func suggestion(_ wanted: ValueKind, from given: ValueKind) -> String {
    let makers = all.filter { $0.output == wanted && $0.input != wanted }
    let direct = makers.filter { $0.input == given }
    let names = (direct.isEmpty ? makers : direct).prefix(3).map { "'\($0.name)'" }
    return names.isEmpty
      ? "; no stage here makes \(wanted.phrase)"
      : "; put stage \(names.joined(separator: " or ")) before it"
  }
}
