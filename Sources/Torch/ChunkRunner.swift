internal import Foundation
internal import Synchronization

/// Spreads fixed pieces of work over worker threads that the runner owns, one libtorch thread each.
///
/// A result depends on its index alone, so it is the same bytes for any number of workers: kernels are chosen by
/// batch size and thread count, and both are fixed here. Gradients are not recorded unless asked for.
public struct ChunkRunner: Sendable {
  /// Number of worker threads.
  public let workers: Int
  private let recordsGradients: Bool

  /// - Parameter workers: 0 for one per core.
  public init(workers: Int = 0, recordsGradients: Bool = false) {
    self.workers = workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount
    self.recordsGradients = recordsGradients
  }

  /// The results of `body` for 0 ..< `count`, in order.
  /// - Throws: the error of the lowest index that failed; work not yet begun is then left out.
  public func map<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Result) throws
    -> [Result]
  {
    guard count > 0 else { return [] }
    let work = Work<Result>(count: count)
    let recordsGradients = recordsGradients
    let group = DispatchGroup()
    for _ in 0..<min(workers, count) {
      group.enter()
      let thread = Thread {
        defer { group.leave() }
        while let index = work.next() {
          work.finish(
            index,
            Swift.Result {
              try Libtorch.setThreadCount(1)
              return try Autograd.with(enabled: recordsGradients) { try body(index) }
            })
        }
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    group.wait()
    return try work.results()
  }

  /// Runs `body` on the calling thread with one libtorch thread, so that its rounding depends neither on the machine's
  /// cores nor on what other threads have set.
  public static func single<Result>(_ body: () throws -> Result) throws -> Result {
    let before = try Libtorch.threadCount()
    try Libtorch.setThreadCount(1)
    defer { try? Libtorch.setThreadCount(before) }
    return try body()
  }

  /// As `map`, without results.
  public func forEach(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    _ = try map(count, body)
  }
}

private final class Work<Element: Sendable>: Sendable {
  private struct State {
    var next = 0
    var failed = false
    var results: [Int: Result<Element, any Error>] = [:]
  }

  private let count: Int
  private let state = Mutex(State())

  init(count: Int) { self.count = count }

  func next() -> Int? {
    state.withLock { state in
      guard state.next < count, !state.failed else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  func finish(_ index: Int, _ result: Result<Element, any Error>) {
    state.withLock {
      $0.results[index] = result
      if case .failure = result { $0.failed = true }
    }
  }

  func results() throws -> [Element] {
    try state.withLock { state in try state.results.sorted { $0.key < $1.key }.map { try $0.value.get() } }
  }
}
