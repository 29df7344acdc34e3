import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

struct ChunkRunnerTests {
  @Test(arguments: [1, 2, 3, 8]) func resultsAreInOrder(_ workers: Int) throws {
    let results = try ChunkRunner(workers: workers).map(20) { index in
      // The first ones take longest.
      if index < 3 { Thread.sleep(forTimeInterval: 0.01) }
      return index * index
    }
    #expect(results == (0..<20).map { $0 * $0 })
  }

  @Test func noWork() throws {
    #expect(try ChunkRunner(workers: 2).map(0) { $0 }.isEmpty)
    #expect(ChunkRunner().workers == ProcessInfo.processInfo.activeProcessorCount)
  }

  /// `[4, 3, 17, 13]` through two convolutions.
  @Test func sameBytesForAnyNumberOfWorkers() throws {
    let weights = try [Tensor.noise([16, 3, 3, 3], seed: 1), Tensor.noise([8, 16, 3, 3], seed: 2)]
    let chunk: @Sendable (Int) throws -> Data = { index in
      let x = try Tensor.noise([4, 3, 17, 13], seed: 100 + UInt64(index))
      return try x.conv2d(weights[0], bias: nil, padding: 1).relu().conv2d(weights[1], bias: nil, padding: 1)
        .bytes()
    }
    let serial = try ChunkRunner(workers: 1).map(9, chunk)
    #expect(Set(serial).count == 9)
    for workers in [2, 3] { #expect(try ChunkRunner(workers: workers).map(9, chunk) == serial) }
  }

  @Test func workersHaveOneThreadAndRecordOnlyIfAsked() throws {
    let x = try Tensor.full([1], 1).requiresGradient(true)
    for records in [false, true] {
      let found = try ChunkRunner(workers: 2, recordsGradients: records).map(4) { _ in
        (try Libtorch.threadCount(), try (x * 2).requiresGradient)
      }
      #expect(found.allSatisfy { $0.0 == 1 && $0.1 == records })
    }
  }

  /// What a thread has set stays, whatever other threads set before its first operator.
  @Test func threadCountsDoNotLeakBetweenThreads() throws {
    let (isSet, isOverridden) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let found = Mutex<Int?>(nil)
    let first = Thread {
      try? Libtorch.setThreadCount(1)
      isSet.signal()
      isOverridden.wait()
      let count = try? Libtorch.threadCount()
      found.withLock { $0 = count }
      isSet.signal()
    }
    first.start()
    isSet.wait()
    let second = Thread {
      try? Libtorch.setThreadCount(3)
      isOverridden.signal()
    }
    second.start()
    isSet.wait()
    #expect(found.withLock { $0 } == 1)
  }

  @Test(arguments: [1, 2, 3]) func errorOfTheLowestIndex(_ workers: Int) throws {
    for _ in 0..<5 {
      let error = try #require(throws: TensorError.self) {
        try ChunkRunner(workers: workers).forEach(12) { index in
          // The lower of the two fails last.
          if index == 4 { Thread.sleep(forTimeInterval: 0.01) }
          if index == 4 || index == 5 { throw TensorError("chunk \(index)") }
        }
      }
      #expect(error.description == "chunk 4")
    }
  }

  @Test func workAfterAnErrorIsLeftOut() throws {
    let begun = Mutex<Set<Int>>([])
    #expect(throws: TensorError.self) {
      try ChunkRunner(workers: 1).forEach(100) { index in
        begun.withLock { _ = $0.insert(index) }
        if index == 2 { throw TensorError("stop") }
      }
    }
    #expect(begun.withLock { $0 } == [0, 1, 2])
  }

  @Test func callersThreadKeepsItsSettings() throws {
    let before = try Libtorch.threadCount()
    try ChunkRunner(workers: 2).forEach(4) { _ in }
    #expect(try Libtorch.threadCount() == before)
  }
}
