/// One thing done to one value, typed at both ends.
///
/// A stage is used three ways that agree byte for byte: called from Swift, named in a specification, and run in a
/// shell pipe. So all that decides its output is its input and its own stored options.
///
/// Stages are synchronous: libtorch's state is per thread and an async function may wake up on another one.
/// Whoever needs async code runs a whole stage on a thread of its own and awaits the result.
public protocol Stage<Input, Output>: Sendable {
  associatedtype Input: StageValue
  associatedtype Output: StageValue

  /// As in a specification and on the command line: `encode-png`.
  var name: String { get }

  /// - Throws: `PipelineError` for what the user can mend, `Interrupted` when cancelled.
  func callAsFunction(_ input: Input, context: StageContext) throws -> Output
}

extension Stage {
  public func callAsFunction(_ input: Input) throws -> Output { try self(input, context: StageContext()) }

  /// `decode.then(upscale).then(encode)`: only stages that fit compile.
  public func then<Next: Stage>(_ next: Next) -> Chain<Input, Next.Output> where Next.Input == Output {
    Chain(names: names(of: self) + names(of: next)) { input, context in
      let between = try self(input, context: context)
      try context.checkCancelled()
      return try next(between, context: context)
    }
  }
}

/// A chain's names, or the one name of a single stage.
private func names(of stage: some Stage) -> [String] { (stage as? any NamedParts)?.names ?? [stage.name] }

private protocol NamedParts {
  var names: [String] { get }
}

/// Stages one after the other; itself a stage.
public struct Chain<Input: StageValue, Output: StageValue>: Stage, NamedParts {
  /// The stages' names, in order.
  public let names: [String]
  private let body: @Sendable (Input, StageContext) throws -> Output

  init(names: [String], body: @escaping @Sendable (Input, StageContext) throws -> Output) {
    self.names = names
    self.body = body
  }

  /// `decode-image | upscale | encode-png`.
  public var name: String { names.joined(separator: " | ") }

  public func callAsFunction(_ input: Input, context: StageContext) throws -> Output {
    try context.checkCancelled()
    return try body(input, context)
  }
}

/// A stage made of a function.
public struct FunctionStage<Input: StageValue, Output: StageValue>: Stage {
  public let name: String
  private let body: @Sendable (Input, StageContext) throws -> Output

  public init(_ name: String, _ body: @escaping @Sendable (Input, StageContext) throws -> Output) {
    self.name = name
    self.body = body
  }

  public func callAsFunction(_ input: Input, context: StageContext) throws -> Output {
    try body(input, context)
  }
}
