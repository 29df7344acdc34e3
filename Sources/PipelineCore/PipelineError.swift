/// What went wrong, in one line that says what, where, and what would be right.
///
/// Everything that a user can cause ends as one of these; a bug in the program itself traps instead.
public struct PipelineError: Error, CustomStringConvertible, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The command, a specification or an option is wrong; nothing was done. Exit status 2.
    case usage
    /// The input, the weights or the machine is at fault. Exit status 1.
    case data
  }

  public let kind: Kind
  public let description: String

  /// - Parameter message: made into one line: line breaks become spaces and other control characters are
  ///   escaped, for a name taken from a file may hold anything, terminal sequences included.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    description = Self.oneLine(message)
  }

  public static func usage(_ message: String) -> PipelineError { PipelineError(.usage, message) }
  public static func data(_ message: String) -> PipelineError { PipelineError(.data, message) }

  public var exitStatus: Int32 {
    switch kind {
    case .usage: 2
    case .data: 1
    }
  }

  /// `message` as one line without control characters.
  public static func oneLine(_ message: String) -> String {
    var line = ""
    var lastWasBreak = false
    for scalar in message.unicodeScalars {
      if scalar == "\n" || scalar == "\r" || scalar == "\t" {
        if !lastWasBreak { line.unicodeScalars.append(" ") }
        lastWasBreak = true
        continue
      }
      lastWasBreak = false
      if scalar.properties.generalCategory == .control {
        line += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
    return line
  }
}
