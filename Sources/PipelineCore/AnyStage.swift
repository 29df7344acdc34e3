public import Foundation

/// A stage whose types are known only when the program runs: it carries the kinds of its two ends.
public struct AnyStage: Sendable {
  public let names: [String]
  public let inputType: any StageValue.Type
  public let outputType: any StageValue.Type
  private let body: @Sendable (any StageValue, StageContext) throws -> any StageValue

  public init<Wrapped: Stage>(_ stage: Wrapped) {
    names = (stage as? Chain<Wrapped.Input, Wrapped.Output>)?.names ?? [stage.name]
    inputType = Wrapped.Input.self
    outputType = Wrapped.Output.self
    body = { input, context in
      guard let input = input as? Wrapped.Input else {
        throw PipelineError.usage(
          AnyStage.mismatch(stage.name, wants: Wrapped.Input.self, "its input", gives: type(of: input)))
      }
      return try stage(input, context: context)
    }
  }

  private init(joining first: AnyStage, _ second: AnyStage) {
    names = first.names + second.names
    inputType = first.inputType
    outputType = second.outputType
    body = { input, context in
      let between = try first(input, context: context)
      try context.checkCancelled()
      return try second(between, context: context)
    }
  }

  public var name: String { names.joined(separator: " | ") }
  public var input: ValueKind { inputType.kind }
  public var output: ValueKind { outputType.kind }

  public func callAsFunction(_ input: any StageValue, context: StageContext = StageContext()) throws
    -> any StageValue
  { try body(input, context) }

  /// Reads the input from a pipe's bytes and writes the output as a pipe's bytes.
  public func callAsFunction(pipe data: Data, name: String, context: StageContext = StageContext()) throws
    -> Data
  {
    try self(inputType.init(pipe: data, name: name), context: context).encodedForPipe()
  }

  /// - Throws: `PipelineError` when the ends do not fit.
  public func then(_ next: AnyStage) throws -> AnyStage {
    guard outputType == next.inputType else {
      throw PipelineError.usage(
        Self.mismatch(
          next.names.first ?? "", wants: next.inputType, "'\(names.last ?? "")'", gives: outputType))
    }
    return AnyStage(joining: self, next)
  }

  /// The same stage for the compiler: `try stage.typed(Data.self, Image.self)`.
  /// - Throws: `PipelineError` when the ends are of other types.
  public func typed<Input: StageValue, Output: StageValue>(_ input: Input.Type, _ output: Output.Type) throws
    -> Chain<Input, Output>
  {
    guard inputType == input, outputType == output else {
      throw PipelineError.usage(
        "'\(name)' takes \(inputType.kind.phrase) and gives \(outputType.kind.phrase), "
          + "not \(input.kind.phrase) and \(output.kind.phrase)")
    }
    return Chain(names: names) { [body] value, context in
      // The guard above and `then` have compared the types.
      try body(value, context) as! Output
    }
  }

  /// `stage 'encode-png' wants an image but 'tokenise' gives text`; types are named where the kinds are the same.
  static func mismatch(
    _ stage: String, wants: any StageValue.Type, _ giver: String, gives: any StageValue.Type
  ) -> String {
    let same = wants.kind == gives.kind
    return "stage '\(stage)' wants \(same ? "\(wants)" : wants.kind.phrase) "
      + "but \(giver) gives \(same ? "\(gives)" : gives.kind.phrase)"
  }
}
