import Foundation
import TestSupport
import Testing
import Torch

@testable import SuperResolutionTask

/// Where the mean is busy, the truth lies further from it.
struct LocalDeviationTests {
  @Test func findsWhatResidualsWereMadeBy() throws {
    let truth = (floor: 2e-5, slope: 0.3, power: 0.7)
    let activities = KeyedNoise(seed: 1, sample: 0, step: 0, stream: "test").uniform(count: 20_000)
    let normals = KeyedNoise(seed: 1, sample: 1, step: 0, stream: "test").normal(count: 20_000)
    let pairs = zip(activities, normals).map { uniform, normal in
      let activity = pow(10, -6 + 5 * Double(uniform))
      let variance = truth.floor + truth.slope * pow(activity, truth.power)
      return (activity: activity, square: variance * Double(normal * normal))
    }
    let found = LocalDeviation(fitting: pairs)
    #expect(abs(found.power - truth.power) < 0.11)
    for activity in [1e-6, 1e-4, 1e-2] {
      let wanted = truth.floor + truth.slope * pow(activity, truth.power)
      let fitted = found.floor + found.slope * pow(activity, found.power)
      #expect(abs(fitted / wanted - 1) < 0.15)
    }
    #expect(found.isPlausible)
  }

  @Test func flatPicturesHaveNoActivity() throws {
    let low = try Tensor.full([1, 3, 5, 4], 0.3)
    let flat = try Tensor.full([1, 3, 20, 16], 0.3)
    #expect(try LocalDeviation.activity(low: low, mean: flat, scale: 4).maximum().scalar() < 1e-12)
    let busy = try flat + Tensor.noise([1, 3, 20, 16], seed: 1) * 0.1
    #expect(try LocalDeviation.activity(low: low, mean: busy, scale: 4).minimum().scalar() > 1e-3)
  }
}
