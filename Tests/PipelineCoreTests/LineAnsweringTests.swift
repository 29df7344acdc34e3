import Foundation
import Testing

@testable import PipelineCore

/// Lines in, lines out, through pipes.
struct LineAnsweringTests {
  private struct Echo: LineAnswering {
    func answer(_ line: Data) -> Data { Data("<".utf8) + line + Data(">\n".utf8) }
    func refusal(_ reason: String) -> Data { Data("refused\n".utf8) }
  }

  private func answers(to pieces: [String], longest: Int = 8) throws -> String {
    let (input, output) = (Pipe(), Pipe())
    Thread.detachNewThread {
      for piece in pieces { input.fileHandleForWriting.write(Data(piece.utf8)) }
      try? input.fileHandleForWriting.close()
    }
    try StandardLines.answer(
      by: Echo(), from: input.fileHandleForReading.fileDescriptor,
      to: output.fileHandleForWriting.fileDescriptor,
      longest: longest)
    try output.fileHandleForWriting.close()
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test func everyLineIsAnswered() throws {
    #expect(try answers(to: ["a\nb", "c\n", "\n  \n", "last"]) == "<a>\n<bc>\n<last>\n")
    #expect(try answers(to: []) == "")
  }

  @Test func aLongLineIsRefusedAndTheNextServed() throws {
    #expect(try answers(to: ["12345678\n123456789\nnext\n"]) == "<12345678>\nrefused\n<next>\n")
    let long = [String](repeating: String(repeating: "x", count: 5), count: 1000)
    #expect(try answers(to: long + ["\nnext\n"] + long) == "refused\n<next>\nrefused\n")
  }

  @Test func aClosedPipeEndsIt() throws {
    signal(SIGPIPE, SIG_IGN)
    let (input, output) = (Pipe(), Pipe())
    try output.fileHandleForReading.close()
    input.fileHandleForWriting.write(Data("a\n".utf8))
    #expect(throws: Interrupted(signal: SIGPIPE)) {
      try StandardLines.answer(
        by: Echo(), from: input.fileHandleForReading.fileDescriptor,
        to: output.fileHandleForWriting.fileDescriptor, longest: 8)
    }
  }
}
