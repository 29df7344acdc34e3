import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// A projected picture agrees with the one that it was made from.
struct ConsistencyProjectionTests {
  /// A picture with dark and bright places at the limits, and a wrong guess of it.
  private func pair() throws -> (low: Tensor, guess: Tensor) {
    let truth = try (Synthetic.picture(height: 96, width: 80, seed: 2) * 1.2 - 0.1).clamped(0, 1)
    let low = try Degradation.bicubic(truth, scale: 4)
    let noise = try Tensor.noise(truth.shape, seed: 1) * 0.1
    return (low, try truth + noise + 0.02)
  }

  @Test func agreesWithTheInput() throws {
    let (low, guess) = try pair()
    let before = try ConsistencyProjection.consistency(of: guess, low: low, scale: 4)
    #expect(before < 40)
    let projected = try ConsistencyProjection.project(guess, low: low)
    #expect(try ConsistencyProjection.consistency(of: projected, low: low, scale: 4) >= 45)
    #expect(try projected.minimum().scalar() >= 0 && projected.maximum().scalar() <= 1)
  }

  /// What the reduction does not see stays: the guess's own noise, not that of another.
  @Test func detailStays() throws {
    let (low, guess) = try pair()
    let projected = try ConsistencyProjection.project(guess, low: low)
    let change = try (projected - guess.clamped(0, 1)).squared().mean().scalar().squareRoot()
    #expect(change > 0.01 && change < 0.06)
  }

  @Test func whatAgreesIsLeftAlone() throws {
    let (low, guess) = try pair()
    let once = try ConsistencyProjection.project(guess, low: low)
    #expect(try ConsistencyProjection.project(once, low: low).bytes() == once.bytes())
  }
}
