import TestSupport
import Testing
import Torch

struct BatchNoiseTests {
  /// A sample's noise is its own, whatever is drawn beside it.
  @Test func rowsDoNotDependOnTheBatch() throws {
    let whole = try BatchNoise(seed: 5, first: 0, count: 6).normal([3, 2], step: 2, stream: "x")
    #expect(whole.shape == [6, 3, 2])
    let part = try BatchNoise(seed: 5, samples: [4, 1]).normal([3, 2], step: 2, stream: "x")
    #expect(try part.select(0, 0).bytes() == whole.select(0, 4).bytes())
    #expect(try part.select(0, 1).bytes() == whole.select(0, 1).bytes())
    let later = try BatchNoise(seed: 5, samples: [4], firstStep: 1).normal([3, 2], step: 1, stream: "x")
    #expect(try later.select(0, 0).bytes() == whole.select(0, 4).bytes())
  }

  @Test func seedsStepsAndStreamsDiffer() throws {
    func bytes(_ seed: UInt64, _ step: Int, _ stream: String) throws -> [Float] {
      try BatchNoise(seed: seed, first: 0, count: 1).uniform([4], step: step, stream: stream).floats()
    }
    let draws = [
      try bytes(1, 0, "a"), try bytes(2, 0, "a"), try bytes(1, 1, "a"), try bytes(1, 0, "b"),
    ]
    #expect(Set(draws).count == 4)
    #expect(draws.joined().allSatisfy { $0 >= 0 && $0 < 1 })
  }
}

struct LinearAlgebraTests {
  /// A = B Bᵀ + I is positive definite.
  private func matrix() throws -> Tensor {
    let b = try Tensor.noise([2, 5, 5], seed: 3).to(.float64)
    return try b.matmul(b.permuted([0, 2, 1])) + Tensor.identity(5, .float64)
  }

  @Test func choleskyAndSolvers() throws {
    let a = try matrix()
    let l = try a.cholesky()
    #expect(try largestDifference(l.matmul(l.permuted([0, 2, 1])), a) < 1e-12)
    let right = try Tensor.noise([2, 5, 3], seed: 4).to(.float64)
    #expect(try largestDifference(a.matmul(l.choleskySolve(right)), right) < 1e-12)
    #expect(try largestDifference(l.matmul(l.solveTriangular(right)), right) < 1e-12)
    let upper = try l.permuted([0, 2, 1])
    #expect(try largestDifference(upper.matmul(upper.solveTriangular(right, isUpper: true)), right) < 1e-12)
    #expect(throws: TensorError.self) { try (a * -1).cholesky() }
  }

  @Test func reductionsOverAnAxis() throws {
    let x = try Tensor([0, 1, 2, 5, 5, 5] as [Float], shape: [2, 3])
    let sums = try x.logSumExp(1).floats()
    #expect(abs(sums[0] - 2.407606) < 1e-5 && abs(sums[1] - 6.098612) < 1e-5)
    #expect(try largestDifference(x.softmax(1).sum([1]), .full([2], 1)) < 1e-6)
    #expect(try x.argmax(1).elements(Int64.self)[0] == 2)
    #expect(try x.diagonal().floats() == [0, 5])
    let picked = try x.gather(1, Tensor([2, 0] as [Int64], shape: [2, 1])).floats()
    #expect(picked == [2, 5])
    let mask = try Tensor([1, 0, 1] as [Float], shape: [3])
    #expect(try x.selected(where: mask, else: -x).floats() == [0, -1, 2, 5, -5, 5])
    #expect(try (1 - x).floats() == [1, 0, -1, -4, -4, -4] && (2 / (x + 1)).floats()[1] == 1)
  }
}
