/// Reads a table key by key and complains about what was not asked for.
///
///     let reader = try YAMLReader(value, of: "model 'photo'")
///     let weights = try reader.require("weights", String.self)
///     let note = try reader.optional("description", String.self)
///     try reader.finish()
///
/// The keys that were asked for are the known ones; so an error names the nearest of them.
public final class YAMLReader {
  public let place: YAMLValue.Place
  private let owner: String
  private let entries: [YAMLValue.Entry]
  private var known: [String] = []

  /// - Parameter owner: for messages: `the specification`, `model 'photo'`.
  /// - Throws: `PipelineError` when the value is not a table.
  public init(_ value: YAMLValue, of owner: String) throws {
    place = value.place
    self.owner = owner
    if case .mapping(let entries) = value.content {
      self.entries = entries
    } else if value.isNull {
      entries = []
    } else {
      throw PipelineError.usage(
        "\(value.place): \(owner) is \(value.phrase); a table 'key: value' would be right")
    }
  }

  /// In the order of the document.
  public var keys: [String] { entries.map(\.key) }

  /// The entry of a key, which counts as asked for.
  public func entry(_ key: String) -> YAMLValue.Entry? {
    if !known.contains(key) { known.append(key) }
    return entries.first { $0.key == key }
  }

  /// - Throws: `PipelineError` when the key is there with another type, or without a value.
  public func optional<Value: YAMLReadable>(_ key: String, _ type: Value.Type = Value.self) throws -> Value? {
    try entry(key).map { try $0.value.read("'\(key)'", as: type) }
  }

  /// - Throws: `PipelineError` when the key is missing or has another type.
  public func require<Value: YAMLReadable>(_ key: String, _ type: Value.Type = Value.self) throws -> Value {
    if let value = try optional(key, type) { return value }
    throw lacking(key, type.yamlExpectation)
  }

  /// A misspelt key is the likelier story than a forgotten one.
  func lacking(_ key: String, _ expectation: String?) -> PipelineError {
    if let misspelt = entries.first(where: {
      !known.contains($0.key) && NearestName.distance($0.key, key) <= 2
    }) {
      return unknown(misspelt, [key])
    }
    return .usage("\(place): \(owner) lacks the key '\(key)'\(expectation.map { " (\($0))" } ?? "")")
  }

  /// A number within a range.
  public func optional<Value: YAMLReadable & Comparable>(_ key: String, in range: ClosedRange<Value>) throws
    -> Value?
  {
    guard let value = try optional(key, Value.self) else { return nil }
    guard range.contains(value) else {
      throw PipelineError.usage(
        "\(entry(key)?.place ?? place): '\(key)' is \(value); \(range.lowerBound) to \(range.upperBound) would be right"
      )
    }
    return value
  }

  /// Call it last.
  /// - Throws: `PipelineError` for the first key that was never asked for.
  public func finish() throws {
    if let stray = entries.first(where: { !known.contains($0.key) }) { throw unknown(stray, known) }
  }

  private func unknown(_ entry: YAMLValue.Entry, _ known: [String]) -> PipelineError {
    .usage("\(entry.place): \(NearestName.unknown("key", entry.key, known: known))")
  }
}
