import Foundation
import Synchronization
import Testing

@testable import PipelineCore

struct TerminalTests {
  @Test func firstSignalAsksAndSecondEnds() {
    let state = InterruptState()
    let cleaned = Mutex(0)
    let statuses = Mutex<[Int32]>([])
    state.setCleaning { cleaned.withLock { $0 += 1 } }
    #expect(throws: Never.self) { try state.check() }
    state.receive(SIGINT) { status in statuses.withLock { $0.append(status) } }
    #expect(throws: Interrupted(signal: SIGINT)) { try state.check() }
    #expect(cleaned.withLock { $0 } == 0)
    state.receive(SIGINT) { status in statuses.withLock { $0.append(status) } }
    #expect(cleaned.withLock { $0 } == 1)
    #expect(statuses.withLock { $0 } == [130])
  }

  /// Through the kernel, with a signal that nothing else uses.
  @Test func signalsArrive() async throws {
    let state = InterruptState()
    Interrupt.install([SIGUSR1]) { state.receive($0) { _ in } }
    defer { signal(SIGUSR1, SIG_DFL) }
    kill(getpid(), SIGUSR1)
    for _ in 0..<500 where state.signal == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(state.signal == SIGUSR1)
  }

  @Test func streamsReadToTheEndAndStopWhenTold() throws {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let data = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) })
    Thread.detachNewThread {
      try? StandardStreams.write(data, to: writing)
      close(writing)
    }
    #expect(try StandardStreams.read(reading, limit: 1 << 30, check: {}) == data)
    close(reading)

    #expect(pipe(&ends) == 0)
    #expect(throws: Interrupted(signal: SIGINT)) {
      try StandardStreams.read(ends[0], limit: 10, check: { throw Interrupted(signal: SIGINT) })
    }
    try StandardStreams.write(Data(count: 11), to: ends[1])
    #expect(
      line { _ = try StandardStreams.read(ends[0], limit: 10, check: {}) }
        == "standard input holds more than 10 bytes")
    close(ends[0])
    signal(SIGPIPE, SIG_IGN)
    #expect(throws: Interrupted(signal: SIGPIPE)) { try StandardStreams.write(Data(count: 1), to: ends[1]) }
    close(ends[1])
  }

  private func shown(_ mode: ProgressLine.Mode) -> String {
    let shown = Mutex("")
    let line = ProgressLine("upscale", total: 4, unit: "tiles", mode: mode) { text in
      shown.withLock { $0 += text }
    }
    line.advance()
    line.log("note")
    line.finish()
    line.advance()
    line.finish()
    return shown.withLock { $0 }
  }

  @Test func progressLeavesNothingBehind() {
    #expect(shown(.quiet) == "")
    #expect(shown(.plain) == "note\n")
    let onTerminal = shown(.terminal(columns: 80))
    #expect(onTerminal.contains("upscale: 1 of 4 tiles, 25 %"))
    #expect(onTerminal.contains("\r\u{1B}[Knote\n"))
    #expect(onTerminal.hasSuffix("\r\u{1B}[K"))
  }

  @Test func progressSaysRateAndTime() {
    func text(_ done: Int, _ total: Int?, _ seconds: Double, _ columns: Int = 80) -> String {
      ProgressLine.text("a", done, total, "tiles", seconds: seconds, columns: columns)
    }
    #expect(text(12, 48, 4) == "a: 12 of 48 tiles, 25 %, 3.0 tiles/s, 0:12 left")
    #expect(text(1, 7201, 1) == "a: 1 of 7201 tiles, 0 %, 1.0 tiles/s, 2:00:00 left")
    #expect(text(500, nil, 1) == "a: 500 tiles, 500 tiles/s")
    #expect(text(4, 4, 2) == "a: 4 of 4 tiles, 100 %, 2.0 tiles/s")
    #expect(text(0, 0, 0) == "a: 0 of 0 tiles, 100 %")
    #expect(text(12, 48, 4, 10) == "a: 12 of ")
  }
}
