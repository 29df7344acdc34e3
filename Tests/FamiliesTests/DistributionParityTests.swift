import Families
import TestSupport
import Testing
import Torch

/// Mixtures and objectives against their definitions; see Golden/make_distributions_golden.py.
struct DistributionParityTests {
  let golden: Golden

  init() throws { golden = try Golden("distributions", .module) }

  /// The largest difference from the golden values, relative to those beyond ±1.
  private func difference(_ found: Tensor, _ key: String) throws -> Double {
    let expected = try golden(key)
    guard found.shape == expected.shape else { return .infinity }
    let distance = try (found.to(.float64) - expected).abs()
    return try (distance / expected.abs().clamped(1, .infinity)).maximum().scalar()
  }

  private func tolerance(_ type: DType) -> Double { type == .float64 ? 1e-10 : 2e-6 }

  @Test(arguments: ["discretized", "discretized_extreme"], [DType.float32, .float64])
  func discretizedProbabilities(_ name: String, _ type: DType) throws {
    let found = try DiscretizedLogisticMixture.logProbability(
      golden("\(name).levels").to(type), golden("\(name).parameters").to(type))
    #expect(found.dtype == type)
    #expect(try difference(found, "\(name).y") < tolerance(type))
  }

  @Test(arguments: ["discretized", "discretized_extreme"])
  func discretizedProbabilitiesOfOnePixel(_ name: String) throws {
    let all = try golden("\(name).parameters")
    let m = all.shape[1]
    let rows = try all.permuted([0, 2, 1]).contiguous().floats()
    let levels = try golden("\(name).levels").floats()
    let expected = try golden.doubles("\(name).y")
    rows.withUnsafeBufferPointer { rows in
      for (index, value) in expected.enumerated() {
        let parameters = UnsafeBufferPointer(rebasing: rows[index * m..<(index + 1) * m])
        let found: Double = DiscretizedLogisticMixture.logProbability(Int(levels[index]), parameters)
        #expect(abs(found - value) < 1e-10 * max(1, abs(value)))
      }
    }
  }

  @Test func discretizedDraws() throws {
    let all = try golden("draws.parameters")
    let m = all.shape[1]
    let rows = try all.floats()
    let uniforms = try golden("draws.uniforms").floats()
    let expected = try golden("draws.y").elements(Int64.self)
    rows.withUnsafeBufferPointer { rows in
      for (index, level) in expected.enumerated() {
        let parameters = UnsafeBufferPointer(rebasing: rows[index * m..<(index + 1) * m])
        let found = DiscretizedLogisticMixture.draw(
          parameters, (uniforms[2 * index], uniforms[2 * index + 1]))
        #expect(found == Int(level))
      }
    }
  }

  @Test(arguments: ["logistic", "logistic_extreme"], [DType.float32, .float64])
  func logisticDensitiesAndMap(_ name: String, _ type: DType) throws {
    let u = try golden("\(name).u").to(type)
    let parameters = try golden("\(name).parameters").to(type)
    #expect(try difference(LogisticMixture.logDensity(u, parameters), "\(name).density") < tolerance(type))
    #expect(try difference(LogisticMixture.forward(u, parameters), "\(name).z") < tolerance(type))
  }

  /// Between sharp components far apart z hardly depends on u, so there it is z that is compared.
  @Test func logisticInverse() throws {
    for name in ["logistic", "logistic_extreme"] {
      let parameters = try golden("\(name).parameters").to(.float64)
      let u = try LogisticMixture.inverse(golden("\(name).z"), parameters)
      #expect(try difference(LogisticMixture.forward(u, parameters), "\(name).z") < 1e-10)
      if name == "logistic" { #expect(try largestDifference(u, golden("logistic.u")) < 1e-10) }
    }
  }

  @Test(arguments: AdversarialObjective.allCases)
  func objectives(_ objective: AdversarialObjective) throws {
    let v = try golden("objectives.v")
    let name = "objectives.\(objective.rawValue)"
    #expect(try difference(objective.real(v), "\(name).real") < 1e-10)
    #expect(try difference(objective.fake(v), "\(name).fake") < 1e-10)
    #expect(try difference(objective.generator(v), "\(name).generator") < 1e-10)
    let far = try Tensor([-1000, 1000] as [Double], shape: [2])
    #expect(try objective.real(far).isFinite())
    #expect(try objective.fake(far).isFinite())
  }
}
