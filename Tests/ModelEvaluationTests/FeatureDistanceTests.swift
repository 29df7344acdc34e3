import ModelEvaluation
import Testing
import Torch

struct FeatureDistanceTests {
  /// Two levels, by hand: in the first the vectors are at right angles, in the second they are the same.
  private let distance = FeatureDistance { x in
    [x, try x.sum([1], keepAxes: true)]
  }

  private func vector(_ values: [Float]) throws -> Tensor {
    try Tensor(values, shape: [1, values.count, 1, 1])
  }

  @Test func equalPicturesHaveNone() throws {
    let x = try vector([3, 4])
    #expect(try distance(x, x).scalar() == 0)
  }

  @Test func rightAngles() throws {
    let found = try distance(vector([100, 0]), vector([0, 100])).scalar()
    #expect(abs(found - 1) < 1e-4)
  }

  /// Lengths say how strong a feature is, not which.
  @Test func lengthsDoNotCount() throws {
    #expect(try distance(vector([30, 40]), vector([300, 400])).scalar() < 1e-6)
  }

  /// 60° apart, the squared distance of unit vectors is 1; the mean over two places, one of which is equal, a half of that.
  @Test func placesAreAveraged() throws {
    let alone = FeatureDistance { [$0] }
    let (a, b) = (
      try Tensor([100, 70, 0, 70] as [Float], shape: [1, 2, 1, 2]),
      try Tensor([50, 70, 86.60254, 70] as [Float], shape: [1, 2, 1, 2])
    )
    #expect(try abs(alone(a, b).scalar() - 0.5) < 1e-4)
  }
}
