import Foundation
import PipelineCore
import Synchronization
import Testing

@testable import AudioSynthTask

struct SoundPlanTests {
  private func event(_ start: Int, _ values: [Float]) -> SoundEvent {
    SoundEvent(start: start, frames: values.count) { write in
      // In blocks of two, as a long sound comes.
      for first in stride(from: 0, to: values.count, by: 2) {
        try write(Array(values[first..<min(values.count, first + 2)]))
      }
    }
  }

  private func sound(_ plan: SoundPlan, workers: Int = 1) throws -> [Float] {
    var all: [Float] = []
    try plan.render(workers: workers) { all += $0 }
    return all
  }

  @Test func soundsAreMixedWhereTheyOverlap() throws {
    let plan = SoundPlan([event(3, [1, 1, 1, 1]), event(0, [2, 2]), event(5, [10, 10, 10])])
    #expect(plan.frames == 8)
    #expect(try sound(plan) == [2, 2, 0, 1, 1, 11, 11, 10])
    #expect(try sound(SoundPlan([plan, plan], gap: 2)) == sound(plan) + [0, 0] + sound(plan))
  }

  @Test func threadsChangeNothing() throws {
    // Sums that depend on their order.
    let plan = SoundPlan((0..<40).map { event($0 * 3, [1e8, 0.1, -1e8, 0.3, Float($0) / 7].map { $0 / 3 }) })
    #expect(try sound(plan, workers: 1) == sound(plan, workers: 3))
  }

  /// A sound that is too long for memory is handed on while it is made.
  @Test func longSoundsCome() throws {
    let length = SoundPlan.longest + 5
    let long = SoundEvent(start: 2, frames: length) { write in
      for first in stride(from: 0, to: length, by: 1000) {
        try write([Float](repeating: 1, count: min(1000, length - first)))
      }
    }
    let plan = SoundPlan([event(0, [5]), long, event(length, [1, 1, 1])])
    var (count, most) = (0, 0)
    var last: [Float] = []
    try plan.render(workers: 2) {
      count += $0.count
      most = max(most, $0.count)
      last = Array((last + $0).suffix(4))
    }
    #expect(count == plan.frames && plan.frames == length + 3)
    #expect(most <= 1 << 14)
    #expect(last == [1, 2, 2, 1])
  }

  /// What is heard first goes out before what follows is made, and no more is held than a few sounds for each thread:
  /// whatever the machine does, by the order of things alone.
  @Test(arguments: [1, 2]) func soundComesWhileItIsMade(_ workers: Int) throws {
    enum Step: Equatable { case made(Int), written(Int) }
    let steps = Mutex<[Step]>([])
    let length = 50
    let events = (0..<40).map { index in
      SoundEvent(start: index * length, frames: length) { write in
        try write([Float](repeating: Float(index), count: length))
        steps.withLock { $0.append(.made(index)) }
      }
    }
    try SoundPlan(events).render(workers: workers) { block in
      let last = Int(block.last ?? 0)
      steps.withLock { $0.append(.written(last)) }
    }
    let order = steps.withLock { $0 }
    let first = try #require(order.firstIndex { if case .written = $0 { true } else { false } })
    // A long sound alone is written while it is made; others as soon as the first few are there.
    #expect(order[..<first].count <= workers)
    var (made, written) = (0, 0)
    for step in order {
      switch step {
      case .made: made += 1
      case .written(let last): written = last + 1
      }
      #expect(made - written <= 2 * workers)
    }
    #expect(made == 40 && written == 40)
  }

  @Test func endsWhereItIsStopped() {
    let plan = SoundPlan([event(0, [1]), event(9, [1])])
    #expect(throws: PipelineError.self) {
      try plan.render(workers: 1, check: { throw PipelineError.data("stopped") }) { _ in }
    }
  }
}
