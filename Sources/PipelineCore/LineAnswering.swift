public import Foundation

/// A task that can run as a long-lived process: a line in, a line out, at once.
public protocol LineAnsweringTask: PipelineTask {
  /// Made once, weights and all.
  func answerer(_ options: Options, _ specification: Specification) throws -> any LineAnswering
}

/// What answers the lines of one process, in their order.
public protocol LineAnswering {
  /// The answer with its line break; a line that is wrong is answered as well, for the other end waits for it.
  func answer(_ line: Data) -> Data
  /// The answer to a line that could not be read.
  func refusal(_ reason: String) -> Data
}

/// Standard input and output as lines, each answered before the next one is waited for.
public enum StandardLines {
  /// Bytes that a line may have; of a longer one the rest is thrown away.
  public static let longest = 16 << 20

  /// Until standard input ends.
  /// - Throws: `Interrupted`, also when nobody reads the answers any more; `PipelineError` for input that cannot be read.
  public static func answer(by answerer: any LineAnswering) throws {
    try answer(by: answerer, from: STDIN_FILENO, to: STDOUT_FILENO, longest: longest)
  }

  static func answer(by answerer: any LineAnswering, from input: Int32, to output: Int32, longest: Int) throws
  {
    var line = Data()
    var isTooLong = false
    func end() throws {
      defer { (line, isTooLong) = (Data(), false) }
      if isTooLong {
        try StandardStreams.write(
          answerer.refusal("the line has more than \(longest) bytes; a shorter one would be right"),
          to: output)
      } else if line.contains(where: { $0 > 32 }) {
        try StandardStreams.write(answerer.answer(line), to: output)
      }
    }
    try StandardStreams.forEachPiece(input, check: Interrupt.check) { piece in
      var rest = piece[...]
      while let place = rest.firstIndex(of: UInt8(ascii: "\n")) {
        if !isTooLong { line.append(contentsOf: rest[..<place]) }
        isTooLong = isTooLong || line.count > longest
        try end()
        rest = rest[(place + 1)...]
      }
      if !isTooLong { line.append(contentsOf: rest) }
      if line.count > longest { (line, isTooLong) = (Data(), true) }
    }
    if isTooLong || !line.isEmpty { try end() }
  }
}
