/// What went wrong with a file, in one line: where, what, and what would be right.
public struct MediaError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What is wrong, without the file's name.
  public let problem: String
  /// The file, or what stands for it ("standard input").
  public let file: String?
  /// What would be right.
  public let remedy: String?

  public init(_ problem: String, file: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.file = file
    self.remedy = remedy
  }

  /// `file: problem; remedy`, always a single line.
  public var description: String {
    var line = problem
    if let file { line = "\(file): \(line)" }
    if let remedy { line += "; \(remedy)" }
    // Names and library messages may hold line breaks or terminal escapes.
    let safe = line.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .lineSeparator
        || scalar.properties.generalCategory == .paragraphSeparator ? " " : Character(scalar)
    }
    return String(safe)
  }
}
