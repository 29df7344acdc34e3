import Foundation
import ModelEvaluation
import TestSupport
import Testing
import Torch

struct JudgeTests {
  /// |μ₁ − μ₂|² + Σ (σ₁ − σ₂)² for normal features with diagonal covariances.
  @Test func frechetDistanceOfNormalFeatures() throws {
    let count = 40_000
    let scale = try Tensor([1, 2, 0.5] as [Float], shape: [1, 3])
    let shift = try Tensor([0.5, 0, -1] as [Float], shape: [1, 3])
    let a = try Tensor.noise([count, 3], seed: 1)
    let b = try Tensor.noise([count, 3], seed: 2) * scale + shift
    let expected = 1.25 + 0 + 1 + 0.25
    #expect(try abs(FrechetDistance.between(a, b) - expected) < 0.06)
    #expect(try abs(FrechetDistance.between(a, a)) < 1e-9)
    // The same in features that are turned: covariances need not be diagonal.
    let turn = try Tensor([0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1] as [Float], shape: [3, 3])
    let (straight, turned) = (
      try FrechetDistance.between(a, b), try FrechetDistance.between(a.matmul(turn), b.matmul(turn))
    )
    #expect(abs(straight - turned) < 1e-4)
    #expect(throws: TensorError.self) { try FrechetDistance.between(a, Tensor.noise([5, 2])) }
  }

  /// Of N(0, 1) and N(m, 1).
  @Test func kernelDistanceIsThatOfTheMoments() throws {
    let count = 4000
    let m = 0.5
    let a = try Tensor.noise([count, 1], seed: 3)
    let b = try Tensor.noise([count, 1], seed: 4) + m
    // (x y + 1)³ = Σ C(3, i) xⁱ yⁱ, so the distance is Σ C(3, i) (E aⁱ − E bⁱ)².
    let second = m * m
    let third = m * m * m + 3 * m
    let expected = 3 * m * m + 3 * second * second + third * third
    let (mean, error) = try KernelDistance.between(a, b)
    #expect(abs(mean - expected) < 4 * error && error < 0.3 * expected)
    let same = try KernelDistance.between(a, Tensor.noise([count, 1], seed: 5))
    #expect(abs(same.mean) < 4 * same.standardError)
  }

  /// Rows that depend on each other across the sets, as draws of the same classes do, leave the estimate unbiased.
  @Test func kernelDistanceForgivesPairs() throws {
    let classes = try Tensor.noise([1000, 8], seed: 6) * 3
    let a = try classes + Tensor.noise([1000, 8], seed: 7)
    let b = try classes + Tensor.noise([1000, 8], seed: 8)
    let (mean, error) = try KernelDistance.between(a, b)
    #expect(abs(mean) < 4 * error, "\(mean) ± \(error)")
  }

  @Test func linearProbe() throws {
    let count = 600
    let labels = (0..<count).map { $0 % 3 }
    let centres: [[Float]] = [[4, 0], [-4, 0], [0, 6]]
    let noise = try Tensor.noise([count, 2], seed: 9)
    let features = try noise + Tensor(labels.flatMap { centres[$0] }, shape: [count, 2])
    let probe = try LinearProbe(features, labels: labels, classes: 3)
    #expect(try probe.accuracy(features, labels: labels).mean > 0.98)
    // Nothing is to be told from noise.
    let none = try LinearProbe(noise, labels: labels, classes: 3)
    let other = try none.accuracy(Tensor.noise([count, 2], seed: 10), labels: labels)
    #expect(abs(other.mean - 1.0 / 3) < 4 * other.standardError)
  }

  @Test func verdicts() throws {
    // Features are x itself; the class is the sign of the first number.
    let judge = Judge(
      features: { $0 },
      logPosterior: { x in
        try Tensor.cat([-x.narrow(1, start: 0, length: 1), x.narrow(1, start: 0, length: 1)], axis: 1)
      })
    let labels = (0..<1000).map { $0 % 2 }
    let sides = try Tensor(labels.map { Float($0 * 4 - 2) }, shape: [1000, 1]).expanded([1000, 4])
    func pictures(_ seed: UInt64) throws -> Tensor { try sides + Tensor.noise([1000, 4], seed: seed) }
    let real = try judge.look(at: pictures(1), workers: 2)
    #expect(zip(real.classes, labels).count { $0 == $1 } > 950)
    let good = try Judge.verdict(judge.look(at: pictures(2), workers: 2), labels: labels, real: real)
    let bad = try Judge.verdict(judge.look(at: pictures(3) * 0.3 + 2, workers: 2), labels: labels, real: real)
    #expect(good.accuracy.mean > 0.95 && bad.accuracy.mean < 0.95)
    #expect(good.frechet.mean < 0.02 && bad.frechet.mean > 0.2)
    #expect(abs(good.kernel.mean) < 4 * good.kernel.standardError)
    #expect(abs(good.twoSample.mean - 0.5) < 0.1 && bad.twoSample.mean > 0.6)
    // Features of another unit are judged alike.
    let scaled = { (impression: Judge.Impression) in
      try Judge.Impression(features: impression.features * 100, classes: impression.classes)
    }
    let same = try Judge.verdict(
      scaled(judge.look(at: pictures(3) * 0.3 + 2, workers: 2)), labels: labels, real: scaled(real))
    #expect(abs(same.frechet.mean - bad.frechet.mean) < 1e-4)
  }
}
