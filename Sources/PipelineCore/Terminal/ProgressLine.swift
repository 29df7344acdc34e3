internal import Foundation
internal import Synchronization

/// One line on standard error that says how far the work is, how fast, and how long it will take.
///
/// Safe to advance from several workers at once. `finish` erases the line, so that nothing of it stays.
public final class ProgressLine: Sendable {
  public enum Mode: Sendable, Equatable {
    /// Neither progress nor log lines.
    case quiet
    /// Log lines only: standard error is a file or a pipe.
    case plain
    /// Both, on a terminal so wide.
    case terminal(columns: Int)

    /// By what standard error is.
    public static func automatic(quiet: Bool = false) -> Mode {
      if quiet { return .quiet }
      guard isatty(STDERR_FILENO) == 1 else { return .plain }
      var size = winsize()
      let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return .terminal(columns: known ? Int(size.ws_col) : 80)
    }
  }

  private struct State {
    var done = 0
    var lastDrawn: ContinuousClock.Instant?
    var isFinished = false
  }

  private let label: String
  private let total: Int?
  private let unit: String
  private let mode: Mode
  private let output: @Sendable (String) -> Void
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  /// Drawing more often costs time and cannot be seen.
  private static let interval = Duration.milliseconds(100)
  private static let erase = "\r\u{1B}[K"

  /// - Parameters:
  ///   - total: how many units there are; nil where it is not known.
  ///   - unit: plural: `tiles`.
  public convenience init(_ label: String, total: Int?, unit: String, mode: Mode) {
    self.init(label, total: total, unit: unit, mode: mode) { text in
      FileHandle.standardError.write(Data(text.utf8))
    }
  }

  init(_ label: String, total: Int?, unit: String, mode: Mode, output: @escaping @Sendable (String) -> Void) {
    self.label = label
    self.total = total
    self.unit = unit
    self.mode = mode
    self.output = output
  }

  public func advance(by count: Int = 1) {
    state.withLock { state in
      state.done += count
      draw(&state)
    }
  }

  /// Prints a line above the progress.
  public func log(_ line: String) {
    guard mode != .quiet else { return }
    state.withLock { state in
      eraseLine(&state)
      output(PipelineError.oneLine(line) + "\n")
      draw(&state)
    }
  }

  /// Erases the line; further calls draw nothing.
  public func finish() {
    state.withLock { state in
      eraseLine(&state)
      state.isFinished = true
    }
  }

  deinit { finish() }

  private func eraseLine(_ state: inout State) {
    guard state.lastDrawn != nil else { return }
    output(Self.erase)
    state.lastDrawn = nil
  }

  private func draw(_ state: inout State) {
    guard case .terminal(let columns) = mode, !state.isFinished else { return }
    let now = ContinuousClock.now
    if let last = state.lastDrawn, now - last < Self.interval { return }
    state.lastDrawn = now
    let seconds = (now - start) / .seconds(1)
    output(Self.erase + Self.text(label, state.done, total, unit, seconds: seconds, columns: columns))
  }

  /// `upscale: 12 of 48 tiles, 25 %, 3.4 tiles/s, 0:11 left`
  static func text(_ label: String, _ done: Int, _ total: Int?, _ unit: String, seconds: Double, columns: Int)
    -> String
  {
    var parts: [String] = []
    let rate = seconds > 0 ? Double(done) / seconds : 0
    if let total {
      parts = ["\(done) of \(total) \(unit)", "\(total > 0 ? done * 100 / total : 100) %"]
    } else {
      parts = ["\(done) \(unit)"]
    }
    if rate > 0 {
      parts.append("\(rate < 100 ? String(format: "%.1f", rate) : String(Int(rate))) \(unit)/s")
      if let total, done < total { parts.append(clock(Double(total - done) / rate) + " left") }
    }
    // The last column stays free: some terminals break the line there.
    return String("\(label): \(parts.joined(separator: ", "))".prefix(max(1, columns - 1)))
  }

  /// `1:02:03` or `2:03`; more than 99 hours are `99:59:59`.
  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(), 359_999))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
