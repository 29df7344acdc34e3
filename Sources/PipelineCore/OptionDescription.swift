/// The value of an option.
public enum OptionValue: Sendable, Equatable, CustomStringConvertible {
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)

  /// As on the command line and in provenance.
  public var description: String {
    switch self {
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): value
    }
  }
}

/// An option of a stage or of a task: enough to parse it, to check it, and to print its help.
public struct OptionDescription: Sendable, Equatable {
  public enum Form: Sendable, Equatable {
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    case choice([String])
  }

  /// In lower case with hyphens: `--name` on the command line, `name:` in a specification.
  public let name: String
  public let form: Form
  /// Absent: the option must be given.
  public let defaultValue: OptionValue?
  public let help: String

  private init(_ name: String, _ form: Form, _ defaultValue: OptionValue?, _ help: String) {
    self.name = name
    self.form = form
    self.defaultValue = defaultValue
    self.help = help
  }

  /// A flag is off unless given.
  public static func flag(_ name: String, help: String) -> OptionDescription {
    OptionDescription(name, .flag, .flag(false), help)
  }
  public static func integer(
    _ name: String, in range: ClosedRange<Int> = Int.min...Int.max, default value: Int? = nil, help: String
  ) -> OptionDescription {
    OptionDescription(name, .integer(range), value.map { .integer($0) }, help)
  }
  public static func number(
    _ name: String, in range: ClosedRange<Double> = -Double.infinity...Double.infinity,
    default value: Double? = nil, help: String
  ) -> OptionDescription {
    OptionDescription(name, .number(range), value.map { .number($0) }, help)
  }
  public static func text(_ name: String, default value: String? = nil, help: String) -> OptionDescription {
    OptionDescription(name, .text, value.map { .text($0) }, help)
  }
  public static func choice(_ name: String, of choices: [String], default value: String? = nil, help: String)
    -> OptionDescription
  {
    OptionDescription(name, .choice(choices), value.map { .text($0) }, help)
  }

  /// What would be right, for messages and help: `a whole number from 1 to 8`.
  public var expectation: String {
    switch form {
    case .flag: "true or false"
    case .integer(let range): Self.ranged("a whole number", range, Int.min, Int.max)
    case .number(let range): Self.ranged("a number", range, -Double.infinity, Double.infinity)
    case .text: "text"
    case .choice(let choices): "one of \(choices.joined(separator: ", "))"
    }
  }

  /// For help: `--amount  what to add (a whole number from -255 to 255; 1 unless given)`.
  public var helpLine: String {
    switch (form, defaultValue) {
    case (.flag, _): "--\(name)  \(help)"
    case (_, let value?): "--\(name)  \(help) (\(expectation); \(value) unless given)"
    case (_, nil): "--\(name)  \(help) (\(expectation); must be given)"
    }
  }

  /// `--scale 2`'s value.
  /// - Parameter place: how the message names the option: `--scale` or `pipeline.yaml:7: 'scale'`.
  /// - Throws: `PipelineError` of kind `.usage`.
  public func parse(_ text: String, place: String) throws -> OptionValue {
    switch form {
    case .flag:
      if let value = Bool(text) { return .flag(value) }
    case .integer(let range):
      if let value = Int(text), range.contains(value) { return .integer(value) }
    case .number(let range):
      if let value = Double(text), value.isFinite, range.contains(value) { return .number(value) }
    case .text: return .text(text)
    case .choice(let choices):
      if choices.contains(text) { return .text(text) }
      throw PipelineError.usage(
        "\(place): \(NearestName.unknown("choice", text, known: choices, listing: true))")
    }
    throw PipelineError.usage("\(place) is '\(text)'; \(expectation) would be right")
  }

  private static func ranged<Number: Comparable>(
    _ noun: String, _ range: ClosedRange<Number>, _ least: Number, _ most: Number
  ) -> String {
    switch (range.lowerBound == least, range.upperBound == most) {
    case (true, true): noun
    case (false, true): "\(noun) of at least \(range.lowerBound)"
    case (true, false): "\(noun) of at most \(range.upperBound)"
    case (false, false): "\(noun) from \(range.lowerBound) to \(range.upperBound)"
    }
  }
}
