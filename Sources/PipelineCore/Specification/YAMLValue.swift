internal import Foundation
internal import Yams

/// A YAML document as plain values that remember where they stand.
public struct YAMLValue: Sendable {
  public struct Place: Sendable, Equatable, CustomStringConvertible {
    public let file: String
    /// From 1.
    public let line: Int
    /// `pipeline.yaml:12`.
    public var description: String { "\(file):\(line)" }
  }

  public struct Entry: Sendable {
    public let key: String
    public let place: Place
    public let value: YAMLValue
  }

  public enum Content: Sendable {
    /// `isPlain` is false for quoted and block scalars, which are text whatever they look like.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLValue])
    case mapping([Entry])
  }

  public let content: Content
  public let place: Place

  /// Aliases are followed by the parser, so a small file can stand for a huge tree.
  private static let mostNodes = 100_000
  private static let mostBytes = 1 << 20

  /// - Parameter file: how messages name the source.
  /// - Throws: `PipelineError` of kind `.usage` with the line: broken syntax, duplicate keys, an empty document.
  public init(parsing text: String, file: String) throws {
    guard text.utf8.count <= Self.mostBytes else {
      throw PipelineError.usage(
        "\(file) has \(text.utf8.count) bytes; at most \(Self.mostBytes) would be right")
    }
    let root: Node?
    do { root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() } catch let error
      as YamlError
    {
      throw Self.translated(error, file)
    }
    guard let root else { throw PipelineError.usage("\(file) is empty") }
    var budget = Self.mostNodes
    try self.init(root, file, line: 1, &budget)
  }

  private init(_ node: Node, _ file: String, line: Int, _ budget: inout Int) throws {
    let line = node.mark?.line ?? line
    place = Place(file: file, line: line)
    budget -= 1
    guard budget > 0 else {
      throw PipelineError.usage("\(place): the document has more than \(Self.mostNodes) values")
    }
    switch node {
    case .scalar(let scalar):
      content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
    case .sequence(let sequence):
      content = .sequence(try sequence.map { try YAMLValue($0, file, line: line, &budget) })
    case .mapping(let mapping):
      content = .mapping(
        try mapping.map { key, value in
          let place = Place(file: file, line: key.mark?.line ?? line)
          guard case .scalar(let name) = key else {
            throw PipelineError.usage("\(place): a key is not a plain word")
          }
          return Entry(
            key: name.string, place: place, value: try YAMLValue(value, file, line: place.line, &budget))
        })
    case .alias:
      throw PipelineError.usage("\(place): an alias without its anchor")
    }
  }

  /// For messages: `the list of 3`, `'many'`, `nothing`.
  var phrase: String {
    switch content {
    case .scalar("", isPlain: true): "nothing"
    case .scalar(let text, isPlain: true): "'\(text.prefix(64))'"
    case .scalar(let text, isPlain: false): "the text '\(text.prefix(64))'"
    case .sequence(let items): "a list of \(items.count)"
    case .mapping: "a table"
    }
  }

  private static func translated(_ error: YamlError, _ file: String) -> PipelineError {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      .usage("\(file):\(mark.line): not YAML: \(context.map { $0.text + ", " } ?? "")\(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      .usage(
        "\(file):\(context.mark.line): key '\(keys.first ?? "")' is given twice in the same table, here first"
      )
    case .reader(let problem, _, _, _):
      .usage("\(file) is not YAML: \(problem)")
    default:
      .usage("\(file) is not YAML")
    }
  }
}
