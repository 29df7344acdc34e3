import Testing

@testable import SuperResolutionTask

/// Any scale is reached by models whose product is enough; nothing is enlarged by resampling.
struct ScalePlanTests {
  @Test func chains() {
    #expect(ScalePlan(scale: 2, available: [2]).factors == [2])
    #expect(ScalePlan(scale: 1.1, available: [2]).factors == [2])
    #expect(ScalePlan(scale: 3, available: [2]).factors == [2, 2])
    #expect(ScalePlan(scale: 16, available: [2]).factors == [2, 2, 2, 2])
    #expect(ScalePlan(scale: 3, available: [2, 3, 4]).factors == [3])
    #expect(ScalePlan(scale: 2.5, available: [2, 3, 4]).factors == [3])
    #expect(ScalePlan(scale: 5, available: [2, 3, 4]).factors == [3, 2])
    #expect(ScalePlan(scale: 16, available: [2, 3, 4]).factors == [4, 4])
    #expect(ScalePlan(scale: 4, available: [2, 3, 4]).factors == [4])
  }

  @Test func reachesEveryScaleAndNoFurtherThanNeeded() {
    for tenths in 11...160 {
      let scale = Double(tenths) / 10
      let plan = ScalePlan(scale: scale, available: [2, 3, 4])
      #expect(Double(plan.product) >= scale)
      #expect(Double(plan.product) < 2 * scale, "×\(plan.product) for \(scale)")
      #expect(plan.isExact == (Double(plan.product) == scale))
    }
  }

  @Test func lengths() {
    let plan = ScalePlan(scale: 1.5, available: [2])
    #expect(plan.length(1) == 2 && plan.length(3) == 5 && plan.length(100) == 150)
    #expect(ScalePlan(scale: 1.1, available: [2]).length(1) == 1)
  }
}
