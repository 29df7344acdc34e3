/// A file or an array that is not what it claims to be: one line that says what is wrong, where, and what would
/// be right.
public struct FormatError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String

  /// - Parameters:
  ///   - subject: where: a file, or a part of one.
  ///   - problem: what is wrong there.
  ///   - expected: what would be right.
  public init(in subject: String, _ problem: String, expected: String) {
    description = "\(subject): \(problem); expected \(expected)"
  }

  /// The same complaint, told about the part of a file that holds the array.
  init(_ error: FormatError, within subject: String) {
    description = subject + ": " + error.description.drop { $0 != ":" }.dropFirst(2)
  }

  /// Text from a file, fit for one line of a message: control characters escaped, at most 80 characters.
  static func quoted(_ text: String) -> String {
    var result = "'"
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == 80 { return result + "…'" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }

  /// A shape for a message; a hostile file may claim thousands of dimensions.
  static func listed(_ shape: [Int]) -> String {
    shape.count <= 8 ? "\(shape)" : "[\(shape.prefix(8).map(String.init).joined(separator: ", ")), …]"
  }
}
