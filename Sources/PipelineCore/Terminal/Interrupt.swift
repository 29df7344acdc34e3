internal import Foundation
internal import Synchronization

/// The work was told to end: by Ctrl-C, by SIGTERM, or because nobody reads the output any more.
public struct Interrupted: Error, CustomStringConvertible, Sendable, Equatable {
  public let signal: Int32

  public init(signal: Int32) { self.signal = signal }

  /// 130 for Ctrl-C, as shells have it.
  public var exitStatus: Int32 { 128 + signal }

  public var description: String {
    switch signal {
    case SIGINT: "interrupted"
    case SIGPIPE: "the output is not read any more"
    default: "ended by signal \(signal)"
    }
  }
}

/// Ctrl-C, SIGTERM and SIGHUP: the first asks the chunk loops to end, the second ends the program at once. Either way no
/// half-written file stays behind.
///
/// SIGPIPE is ignored, so that writing to a closed pipe is an error like any other (`StandardStreams.write`).
public enum Interrupt {
  private static let state = InterruptState()

  /// To be called once, early, by a program; a library that embeds stages leaves signals to its host.
  /// - Parameter clean: removes half-written files; runs on a thread of its own, so it may lock.
  public static func install(cleaning clean: @escaping @Sendable () -> Void) {
    state.setCleaning(clean)
    // nohup's wish stays.
    var before = sigaction()
    let isHangupIgnored = sigaction(SIGHUP, nil, &before) == 0 && isIgnored(before)
    install([SIGINT, SIGTERM] + (isHangupIgnored ? [] : [SIGHUP])) { state.receive($0) { _exit($0) } }
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow further is an error of writing like any other.
    signal(SIGXFSZ, SIG_IGN)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether a signal has come.
  public static var isRequested: Bool { state.signal != 0 }

  /// Called between chunks.
  /// - Throws: `Interrupted` once a signal has come.
  @Sendable public static func check() throws { try state.check() }

  /// What `install` was given; to be called before exiting for whatever reason.
  public static func cleanUp() { state.clean() }

  /// A handler may only write a byte to a pipe; a thread reads it and does the rest.
  static func install(_ signals: [Int32], receive: @escaping @Sendable (Int32) -> Void) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reading = ends[0]
    signalPipe = ends[1]
    Thread.detachNewThread {
      var number: UInt8 = 0
      while true {
        let count = read(reading, &number, 1)
        if count == 1 { receive(Int32(number)) } else if count == 0 || errno != EINTR { return }
      }
    }
    // A program that starts this one from a worker thread may hand down a mask that blocks them.
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in signals { sigaddset(&unblocked, number) }
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    for number in signals {
      var action = sigaction()
      action.sa_flags = SA_RESTART
      action.__sigaction_handler.sa_handler = { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(signalPipe, &byte, 1)
        errno = before
      }
      sigaction(number, &action, nil)
    }
  }
}

/// Written once before the handlers are there; a constant initial value needs no lazy initialisation, which a
/// handler must not run into.
nonisolated(unsafe) private var signalPipe: Int32 = -1

/// The flag and what follows from it, apart from the process so that it can be tested.
final class InterruptState: Sendable {
  private let received = Atomic<Int32>(0)
  private let cleaning = Mutex<@Sendable () -> Void>({})

  /// The first signal that came; 0 for none.
  var signal: Int32 { received.load(ordering: .sequentiallyConsistent) }

  func setCleaning(_ clean: @escaping @Sendable () -> Void) { cleaning.withLock { $0 = clean } }

  func clean() {
    let clean = cleaning.withLock { $0 }
    clean()
  }

  func check() throws {
    let number = signal
    if number != 0 { throw Interrupted(signal: number) }
  }

  /// - Parameter exit: ends the process with a status; called for every signal but the first.
  func receive(_ number: Int32, exit: (Int32) -> Void) {
    let first = received.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent)
      .exchanged
    if first { return }
    clean()
    exit(Interrupted(signal: number).exitStatus)
  }
}
