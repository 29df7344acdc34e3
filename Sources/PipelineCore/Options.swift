/// Options as they came: from a command line (texts) or a specification (scalars with their lines).
public struct GivenOption: Sendable, Equatable {
  public var value: String
  /// How messages name the option: `--scale` or `pipeline.yaml:7: 'scale'`.
  public var place: String

  public init(_ value: String, place: String) {
    self.value = value
    self.place = place
  }

  /// From the command line.
  public static func commandLine(_ name: String, _ value: String) -> GivenOption {
    GivenOption(value, place: "--\(name)")
  }
}

/// Checked options of one stage or task: every described option that was given or has a default.
public struct Options: Sendable, Equatable {
  /// In the order of the descriptions' names; what provenance records.
  public private(set) var values: [String: OptionValue] = [:]
  private let owner: String
  private let given: Set<String>

  /// - Parameters:
  ///   - owner: for messages: `stage 'upscale'`.
  ///   - given: what was asked for; a name without a description is an error.
  ///   - fallbacks: used where nothing was given, before the description's own default; other names are ignored.
  /// - Throws: `PipelineError` of kind `.usage`.
  public init(
    _ descriptions: [OptionDescription], owner: String, given: [String: GivenOption] = [:],
    fallbacks: [String: GivenOption] = [:]
  ) throws {
    self.owner = owner
    self.given = Set(given.keys)
    for (name, option) in given.sorted(by: { $0.key < $1.key })
    where !descriptions.contains(where: { $0.name == name }) {
      let unknown = NearestName.unknown("option", name, known: descriptions.map(\.name), listing: true)
      throw PipelineError.usage("\(option.place): \(owner): \(unknown)")
    }
    for description in descriptions {
      if let option = given[description.name] ?? fallbacks[description.name] {
        values[description.name] = try description.parse(option.value, place: option.place)
      } else if let value = description.defaultValue {
        values[description.name] = value
      } else {
        throw PipelineError.usage(
          "\(owner) needs --\(description.name) (\(description.expectation)): \(description.help)")
      }
    }
  }

  /// Whether the option was asked for, rather than left at what a default says.
  public func isGiven(_ name: String) -> Bool { given.contains(name) }

  /// Reading an option that was not described is a mistake in the program, not of its user: it traps.
  public func flag(_ name: String) -> Bool {
    guard case .flag(let value)? = values[name] else { missing(name, "flag") }
    return value
  }
  public func integer(_ name: String) -> Int {
    guard case .integer(let value)? = values[name] else { missing(name, "whole number") }
    return value
  }
  public func number(_ name: String) -> Double {
    guard case .number(let value)? = values[name] else { missing(name, "number") }
    return value
  }
  public func text(_ name: String) -> String {
    guard case .text(let value)? = values[name] else { missing(name, "text") }
    return value
  }

  /// One of a few names; nil for an empty text.
  /// - Throws: `PipelineError` of kind `.usage` that names the nearest one and lists all.
  public func choice<Name: RawRepresentable<String> & CaseIterable>(_ name: String, of names: Name.Type)
    throws
    -> Name?
  {
    let wanted = text(name)
    guard !wanted.isEmpty else { return nil }
    guard let found = Name(rawValue: wanted) else {
      throw PipelineError.usage(
        NearestName.unknown(name, wanted, known: Name.allCases.map(\.rawValue), listing: true))
    }
    return found
  }

  /// For provenance: every option as text.
  public var texts: [String: String] { values.mapValues(\.description) }

  private func missing(_ name: String, _ form: String) -> Never {
    preconditionFailure("\(owner) describes no \(form) option '\(name)'")
  }
}
