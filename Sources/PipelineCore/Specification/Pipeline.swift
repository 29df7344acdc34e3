/// A specification whose stages were looked up, given their options, and found to fit one another.
///
/// Nothing is made yet: no weights are read before `stage()` is called.
public struct Pipeline: Sendable {
  public struct Step: Sendable {
    public let definition: StageDefinition
    public let options: Options
  }

  public let specification: Specification
  public let steps: [Step]

  /// - Parameters:
  ///   - overriding: options of the command line. They go to every stage that has an option of that name.
  /// - Throws: `PipelineError` of kind `.usage` with the line: an unknown stage or option, a wrong value, or ends
  ///   that do not fit.
  public init(
    _ specification: Specification, registry: StageRegistry, overriding: [String: GivenOption] = [:]
  ) throws {
    let environment = StageEnvironment(specification: specification)
    var steps: [Step] = []
    for entry in specification.stages {
      guard let definition = registry[entry.name] else {
        let unknown = NearestName.unknown("stage", entry.name, known: registry.all.map(\.name))
        throw PipelineError.usage("\(entry.place): \(unknown)")
      }
      if let last = steps.last?.definition, last.outputType != definition.inputType {
        let mismatch = AnyStage.mismatch(
          definition.name, wants: definition.inputType, "'\(last.name)'", gives: last.outputType)
        throw PipelineError.usage("\(mismatch) (\(entry.place))")
      }
      let names = Set(definition.options.map(\.name))
      let given = entry.options.merging(overriding.filter { names.contains($0.key) }) { $1 }
      do {
        steps.append(Step(definition: definition, options: try definition.options(given, in: environment)))
      } catch let error as PipelineError where error.description.hasPrefix("stage ") {
        // An option that is lacking has no line of its own; the stage has.
        throw PipelineError.usage("\(entry.place): \(error)")
      }
    }
    if let stray = overriding.keys.sorted().first(where: { name in
      !steps.contains { $0.definition.options.contains { $0.name == name } }
    }) {
      let known = Set(steps.flatMap { $0.definition.options.map(\.name) })
      throw PipelineError.usage(
        "task '\(specification.task)': \(NearestName.unknown("option", "--\(stray)", known: known.map { "--\($0)" }))"
      )
    }
    guard !steps.isEmpty else { throw PipelineError.usage("task '\(specification.task)' has no stages") }
    self.specification = specification
    self.steps = steps
  }

  /// The kinds of the two ends.
  public var input: ValueKind { steps[0].definition.input }
  public var output: ValueKind { steps[steps.count - 1].definition.output }

  /// Makes the stages, weights and all.
  public func stage() throws -> AnyStage {
    let environment = StageEnvironment(specification: specification)
    let made = try steps.map { try $0.definition.make($0.options, in: environment) }
    return try made.dropFirst().reduce(made[0]) { try $0.then($1) }
  }
}
