import Foundation
import Testing
import Torch

/// Sums of numbers that are given by logarithms.
struct LogProbabilityTests {
  @Test func closedForms() {
    #expect(abs([log(1.0), log(2), log(5)].logSumExp - log(8)) < 1e-12)
    #expect(
      zip([log(1.0), log(2), log(5)].softmax, [0.125, 0.25, 0.625]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect([Double]().logSumExp == -.infinity && [Double]().softmax.isEmpty)
    #expect([-Double.infinity, -.infinity].logSumExp == -.infinity)
    #expect([0, -Double.infinity].softmax == [1, 0])
  }

  /// Densities of pictures are far beyond what exp can hold.
  @Test func ofAnySize() {
    for offset in [-50_000.0, 50_000] {
      #expect(abs([offset, offset + log(3)].logSumExp - offset - log(4)) < 1e-9)
      #expect(zip([offset, offset + log(3)].softmax, [0.25, 0.75]).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }
}
