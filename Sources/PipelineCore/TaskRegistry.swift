/// All tasks that a program knows. An explicit list, a value: nothing registers itself.
public struct TaskRegistry: Sendable {
  /// In the order in which they were given.
  public let tasks: [any PipelineTask]
  /// The stages of all tasks and the common ones.
  public let stages: StageRegistry

  /// - Parameter commonStages: that belong to no task: reading and writing media.
  /// - Precondition: no two tasks and no two stages share a name.
  public init(_ tasks: [any PipelineTask], commonStages: [StageDefinition] = []) {
    precondition(Set(tasks.map(\.name)).count == tasks.count, "two tasks share a name")
    self.tasks = tasks
    stages = StageRegistry(commonStages + tasks.flatMap(\.stages))
  }

  /// - Throws: `PipelineError` that names the nearest task and lists all.
  public func task(named name: String) throws -> any PipelineTask {
    guard let task = tasks.first(where: { $0.name == name }) else {
      throw PipelineError.usage(NearestName.unknown("task", name, known: tasks.map(\.name), listing: true))
    }
    return task
  }

  /// The task that can be asked for `verb`.
  /// - Throws: `PipelineError` that says what the task can do, and which tasks can do this.
  public func task(named name: String, for verb: Verb) throws -> any PipelineTask {
    let task = try task(named: name)
    guard task.verbs.contains(verb) else {
      let able = tasks.filter { $0.verbs.contains(verb) }.map(\.name)
      throw PipelineError.usage(
        "task '\(name)' cannot \(verb.rawValue); it can "
          + task.verbs.sorted().map(\.rawValue).joined(separator: ", ")
          + (able.isEmpty ? "" : " (tasks that can \(verb.rawValue): \(able.joined(separator: ", ")))"))
    }
    return task
  }

  /// The task that brings a stage along; nil for the common ones.
  public func owner(ofStage name: String) -> (any PipelineTask)? {
    tasks.first { $0.stages.contains { $0.name == name } }
  }

  /// What the stage's factory may look at: the specification of its task.
  /// - Throws: `PipelineError` for an unknown stage or a broken specification.
  public func environment(ofStage name: String, in home: @autoclosure () throws -> PipelineHome) throws
    -> StageEnvironment
  {
    _ = try stages.stage(named: name)
    return StageEnvironment(specification: try owner(ofStage: name)?.specification(in: try home()))
  }

  /// A task's pipeline, its stages checked but not made.
  public func pipeline(
    ofTask name: String, in home: PipelineHome, overriding: [String: GivenOption] = [:]
  ) throws -> Pipeline {
    let specification = try task(named: name).specification(in: home)
    return try Pipeline(specification, registry: stages, overriding: overriding)
  }
}
