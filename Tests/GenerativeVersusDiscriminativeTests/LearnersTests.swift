import Foundation
import TestSupport
import Testing
import Torch

@testable import GenerativeVersusDiscriminative

/// Beside scikit-learn (`Golden/make_golden.py`), and where the answer is known.
struct LearnersTests {
  private let golden: Golden

  init() throws { golden = try Golden("learners", .module) }

  private func labels(_ key: String) throws -> [Int] { try golden(key).elements(Int64.self).map(Int.init) }

  private func naiveBayes(_ key: String, _ columns: Table.Columns, _ variance: NaiveBayes.Variance = .shared)
    throws -> Tensor
  {
    let model = try NaiveBayes(
      golden("\(key).x"), labels: labels("\(key).y"), classes: 3, columns: columns, variance: variance,
      countsAreDrawn: true, priorWeight: 0)
    return try model.logJoint(golden("\(key).new"))
  }

  @Test(arguments: [(NaiveBayes.Variance.perClass, "joint_per_class"), (.shared, "joint_shared")])
  func gaussian(_ variance: NaiveBayes.Variance, _ key: String) throws {
    let joint = try naiveBayes("gaussian", .init(numbers: 5), variance)
    #expect(try largestDifference(joint, golden("gaussian.\(key)")) < 1e-9)
  }

  @Test func multinomial() throws {
    let joint = try naiveBayes("multinomial", .init(numbers: 0, counts: 7))
    #expect(try largestDifference(joint, golden("multinomial.joint")) < 1e-10)
  }

  @Test func categorical() throws {
    let x = try golden("categorical.x").elements(Int64.self).map(Int.init)
    let new = try golden("categorical.new").elements(Int64.self).map(Int.init)
    let features = try golden("categorical.x").shape[1]
    let levels = (0..<features).map { feature in
      1 + stride(from: feature, to: x.count, by: features).map { x[$0] }.max()!
    }
    func encoded(_ values: [Int]) throws -> Tensor {
      let ones = values.enumerated().flatMap { place, level in
        (0..<levels[place % features]).map { $0 == level ? 1.0 : 0 }
      }
      return try Tensor(ones, shape: [values.count / features, levels.reduce(0, +)])
    }
    let model = try NaiveBayes(
      encoded(x), labels: labels("categorical.y"), classes: 3, columns: .init(numbers: 0, levels: levels),
      variance: .shared, countsAreDrawn: false)
    #expect(try largestDifference(model.logJoint(encoded(new)), golden("categorical.joint")) < 1e-10)
  }

  @Test(arguments: [(1.0, "1"), (0.001, "0.001")])
  func logistic(_ penalty: Double, _ key: String) throws {
    let model = try LogisticRegression(
      golden("logistic.x"), labels: labels("logistic.y"), classes: 3, standardized: 0, penalty: penalty,
      solver: LimitedMemoryBFGS(iterations: 2000, tolerance: 1e-10))
    let difference = try largestDifference(
      model.logPosterior(golden("logistic.new")), golden("logistic.log_posterior_\(key)"))
    #expect(difference < 1e-6)
  }

  @Test(
    "with the usual penalty the study's solver comes near the minimum; with hardly any it stops early, as the page says"
  )
  func tolerance() throws {
    func difference(_ penalty: Double, _ key: String) throws -> Double {
      let model = try LogisticRegression(
        golden("logistic.x"), labels: labels("logistic.y"), classes: 3, standardized: 0, penalty: penalty)
      return try largestDifference(
        model.logPosterior(golden("logistic.new")), golden("logistic.log_posterior_\(key)"))
    }
    let (usual, loose) = (try difference(1, "1"), try difference(0.001, "0.001"))
    #expect(usual < 0.02 && loose > usual, "\(usual), \(loose)")
  }

  @Test(
    "a class that the sample does not show is said by nobody, and a column that does not vary changes nothing"
  )
  func unseen() throws {
    let x = try Tensor([0.0, 7, 1, 7, 4, 7, 5, 7], shape: [4, 2])
    let new = try Tensor([0.5, 9, 4.5, -3], shape: [2, 2])
    let columns = Table.Columns(numbers: 2)
    for variance in [NaiveBayes.Variance.shared, .perClass] {
      let joint = try NaiveBayes(
        x, labels: [0, 0, 2, 2], classes: 3, columns: columns, variance: variance, countsAreDrawn: false
      ).logJoint(new)
      #expect(try joint.argmax(1).elements(Int64.self) == [0, 2])
      #expect(try joint.select(1, 1).elements(Double.self) == [-.infinity, -.infinity])
      let plain = try Tensor([0.5, 7, 4.5, 7], shape: [2, 2])
      let same = try NaiveBayes(
        x, labels: [0, 0, 2, 2], classes: 3, columns: columns, variance: variance, countsAreDrawn: false
      ).logJoint(plain)
      #expect(try joint.softmax(1).bytes() == same.softmax(1).bytes())
    }
    let posterior = try LogisticRegression(
      x, labels: [0, 0, 2, 2], classes: 3, standardized: 2, penalty: 1
    ).logPosterior(new)
    #expect(try posterior.argmax(1).elements(Int64.self) == [0, 2])
    #expect(try posterior.select(1, 1).elements(Double.self) == [-.infinity, -.infinity])
  }

  @Test("a quadratic's minimum is found, however badly it is scaled")
  func solver() throws {
    let scales = try Tensor([1.0, 100, 0.01, 10, 3], shape: [5])
    let target = try Tensor([1.0, -2, 3, 0.5, 7], shape: [5])
    let found = try LimitedMemoryBFGS(tolerance: 1e-12).minimum(from: .zeros([5], .float64)) { x in
      let difference = try x - target
      return (try (difference.squared() * scales).sum().scalar() / 2, try difference * scales)
    }
    #expect(try largestDifference(found, target) < 1e-8)
  }
}
