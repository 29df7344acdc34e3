/// A type that one YAML value is read as, strictly: `"3"` in quotes is not a number and `yes` is not a boolean.
public protocol YAMLReadable {
  /// For messages: `a whole number`.
  static var yamlExpectation: String { get }
  /// - Returns: nil when the value is of another type.
  init?(yaml value: YAMLValue)
}

extension YAMLValue {
  var plainText: String? {
    if case .scalar(let text, isPlain: true) = content { text } else { nil }
  }

  /// A missing value: nothing, `~` or `null`.
  public var isNull: Bool { plainText.map { ["", "~", "null"].contains($0) } ?? false }

  /// Reads the value as `type`.
  /// - Parameter name: for messages: `'steps'`.
  /// - Throws: `PipelineError` of kind `.usage` with the line.
  public func read<Value: YAMLReadable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    guard let value = Value(yaml: self) else {
      throw PipelineError.usage("\(place): \(name) is \(phrase); \(Value.yamlExpectation) would be right")
    }
    return value
  }
}

/// The types that stand for one scalar, which `decode` reads directly rather than through their `init(from:)`.
protocol YAMLScalar: YAMLReadable {}
extension Double: YAMLScalar {}
extension Float: YAMLScalar {}
extension Bool: YAMLScalar {}
extension String: YAMLScalar {}
extension Int: YAMLScalar {}
extension Int8: YAMLScalar {}
extension Int16: YAMLScalar {}
extension Int32: YAMLScalar {}
extension Int64: YAMLScalar {}
extension UInt: YAMLScalar {}
extension UInt8: YAMLScalar {}
extension UInt16: YAMLScalar {}
extension UInt32: YAMLScalar {}
extension UInt64: YAMLScalar {}

extension YAMLReadable where Self: FixedWidthInteger {
  public static var yamlExpectation: String {
    bitWidth == 64 && isSigned ? "a whole number" : "a whole number from \(min) to \(max)"
  }
  public init?(yaml value: YAMLValue) {
    guard let number = value.plainText.flatMap({ Self($0) }) else { return nil }
    self = number
  }
}
extension Int: YAMLReadable {}
extension Int8: YAMLReadable {}
extension Int16: YAMLReadable {}
extension Int32: YAMLReadable {}
extension Int64: YAMLReadable {}
extension UInt: YAMLReadable {}
extension UInt8: YAMLReadable {}
extension UInt16: YAMLReadable {}
extension UInt32: YAMLReadable {}
extension UInt64: YAMLReadable {}

extension Double: YAMLReadable {
  public static var yamlExpectation: String { "a number" }
  public init?(yaml value: YAMLValue) {
    guard let number = value.plainText.flatMap({ Double($0) }), number.isFinite else { return nil }
    self = number
  }
}

extension Float: YAMLReadable {
  public static var yamlExpectation: String { Double.yamlExpectation }
  public init?(yaml value: YAMLValue) {
    guard let number = Double(yaml: value), Float(number).isFinite else { return nil }
    self = Float(number)
  }
}

extension Bool: YAMLReadable {
  public static var yamlExpectation: String { "true or false" }
  public init?(yaml value: YAMLValue) {
    guard let flag = value.plainText.flatMap({ Bool($0) }) else { return nil }
    self = flag
  }
}

/// Any scalar that is there: names such as `2x` and `4` need no quotes.
extension String: YAMLReadable {
  public static var yamlExpectation: String { "text" }
  public init?(yaml value: YAMLValue) {
    guard case .scalar(let text, _) = value.content, !value.isNull else { return nil }
    self = text
  }
}

extension Array: YAMLReadable where Element: YAMLReadable {
  public static var yamlExpectation: String { "a list, each item \(Element.yamlExpectation)" }
  public init?(yaml value: YAMLValue) {
    guard case .sequence(let items) = value.content else { return nil }
    var elements: [Element] = []
    for item in items {
      guard let element = Element(yaml: item) else { return nil }
      elements.append(element)
    }
    self = elements
  }
}

/// As it is, to be read later.
extension YAMLValue: YAMLReadable {
  public static var yamlExpectation: String { "a value" }
  public init?(yaml value: YAMLValue) { self = value }
}
