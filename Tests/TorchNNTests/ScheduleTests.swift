import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

/// What changes slowly: learning rates and averages, against their closed forms.
struct ScheduleTests {
  @Test func cosineSchedule() {
    let schedule = CosineSchedule(peak: 2, floor: 0.5, warmup: 4, steps: 12)
    #expect((0..<4).map(schedule.rate) == [0.5, 1, 1.5, 2])
    #expect(schedule.rate(at: 4) == 2)
    for step in 4..<12 {
      let expected = 0.5 + 1.5 * (1 + cos(Double.pi * Double(step - 4) / 8)) / 2
      #expect(abs(schedule.rate(at: step) - expected) < 1e-12)
    }
    #expect(abs(schedule.rate(at: 8) - 1.25) < 1e-12)
    #expect(abs(schedule.rate(at: 12) - 0.5) < 1e-12)
    #expect(abs(schedule.rate(at: 1000) - 0.5) < 1e-12)
  }

  @Test func schedulesAtTheBorder() {
    #expect(CosineSchedule(peak: 1, warmup: 0, steps: 10).rate(at: 0) == 1)
    let allWarmup = CosineSchedule(peak: 1, warmup: 10, steps: 10)
    #expect((0..<10).map(allWarmup.rate) == (1...10).map { Double($0) / 10 })
    #expect(CosineSchedule(peak: 1, warmup: 0, steps: 0).rate(at: 0) == 1)
  }

  /// average ← kept · average + (1 − kept) · value, where kept = min(decay, n / (n + 10)) at update n.
  @Test func exponentialMovingAverage() throws {
    let layer = try Conv2d(1, 1, kernel: 1, hasBias: false)
    layer.weight.value = try .full([1, 1, 1, 1], 1)
    let averages = try ExponentialMovingAverage(layer, decay: 0.25)
    var expected = 1.0
    for update in 1...6 {
      try layer.weight.value.copy_(.full([], Double(update * update)))
      try averages.update()
      let kept = min(0.25, Double(update) / Double(update + 10))
      expected = kept * expected + (1 - kept) * Double(update * update)
      #expect(try abs(averages.averages["weight"]!.scalar() - expected) < 1e-4)
    }
    // A constant is its own average.
    for _ in 0..<60 { try averages.update() }
    #expect(try abs(averages.averages["weight"]!.scalar() - 36) < 1e-4)
  }

  @Test func restoredAveragesGoOn() throws {
    func advance(_ layer: Conv2d, _ averages: ExponentialMovingAverage, _ range: Range<Int>) throws {
      for index in range {
        layer.weight.value = try .full([1, 1, 1, 1], Double(index))
        try averages.update()
      }
    }
    let layer = try Conv2d(1, 1, kernel: 1, hasBias: false)
    let whole = try ExponentialMovingAverage(layer, decay: 0.9)
    try advance(layer, whole, 0..<8)
    layer.weight.value = try .zeros([1, 1, 1, 1])
    let first = try ExponentialMovingAverage(layer, decay: 0.9)
    try advance(layer, first, 0..<3)
    let second = try ExponentialMovingAverage(layer, decay: 0.9)
    try second.restore(first.averages, count: 3)
    try advance(layer, second, 3..<8)
    #expect(try second.averages["weight"]!.bytes() == whole.averages["weight"]!.bytes())
    #expect(throws: TensorError.self) { try second.restore([:], count: 1) }
  }
}
