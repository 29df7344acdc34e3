import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

/// Five steps of an optimiser, against `torch.optim` and a reference in numpy.
struct OptimizerTests {
  private let golden: Golden
  private let steps = 5

  init() throws { golden = try Golden("optimizers", .module) }

  private func parameters(_ count: Int) throws -> [Parameter] {
    try (0..<count).map { index in
      let start = try golden("start.\(index)")
      let parameter = try Parameter(start.shape, .constant(0))
      parameter.value = try start.cloned()
      return parameter
    }
  }

  private func gradients(_ step: Int, _ count: Int) throws -> [Tensor] {
    try (0..<count).map { try golden("gradient.\(step).\($0)") }
  }

  private func rate(_ step: Int) -> Double { 0.01 * Double(step + 1) }

  private func expect(_ parameters: [Parameter], equal name: String, tolerance: Double) throws {
    for (index, parameter) in parameters.enumerated() {
      #expect(try largestDifference(parameter.value, golden("\(name).\(index)")) < tolerance)
    }
  }

  // optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
  // for step in range(5): group["lr"] = 0.01 * (step + 1); optimizer.step()
  @Test func adamW() throws {
    let parameters = try parameters(3)
    let optimizer = try AdamW(parameters, weightDecay: 0.1)
    for step in 0..<steps { try optimizer.step(gradients(step, 3), learningRate: rate(step)) }
    try expect(parameters, equal: "adamw", tolerance: 1e-6)
  }

  // `muon` of Golden/make_optimizers_golden.py
  @Test func muon() throws {
    let parameters = try parameters(2)
    let optimizer = try Muon(parameters, weightDecay: 0.1)
    for step in 0..<steps { try optimizer.step(gradients(step, 2), learningRate: rate(step)) }
    try expect(parameters, equal: "muon", tolerance: 1e-5)
  }

  @Test func stateIsRestored() throws {
    let (straight, stopped) = (try parameters(3), try parameters(3))
    let make: [([Parameter]) throws -> any Optimizer] = [
      { try AdamW($0) }, { try Muon(Array($0.prefix(2))) },
    ]
    for make in make {
      let whole = try make(straight)
      let count = whole.parameters.count
      for step in 0..<steps { try whole.step(gradients(step, count), learningRate: rate(step)) }
      let first = try make(stopped)
      for step in 0..<2 { try first.step(gradients(step, count), learningRate: rate(step)) }
      let saved = try first.state.mapValues { try $0.cloned() }
      let second = try make(stopped)
      try second.restore(saved)
      for step in 2..<steps { try second.step(gradients(step, count), learningRate: rate(step)) }
      for (a, b) in zip(straight, stopped) { #expect(try a.value.bytes() == b.value.bytes()) }
    }
  }

  @Test func stateOfAnotherNetworkIsRefused() throws {
    let optimizer = try Muon(parameters(2))
    let error = try #require(throws: TensorError.self) { try optimizer.restore(["0.momentum": .zeros([1])]) }
    #expect(error.description.hasPrefix("the checkpoint's optimiser state lacks '"))
  }

  @Test func adamWOfNothing() throws { try AdamW([]).step([], learningRate: 1) }

  // norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
  @Test(arguments: [1.0, 1000]) func clipping(_ limit: Double) throws {
    let gradients = try gradients(0, 3)
    let norm = try clipGradients(gradients, limit: limit)
    #expect(try abs(norm - golden("norm.\(Int(limit))").scalar()) < 1e-4)
    for (index, gradient) in gradients.enumerated() {
      #expect(try largestDifference(gradient, golden("clipped.\(Int(limit)).\(index)")) < 1e-6)
    }
  }

  /// One outer product more with every row: U·Vᵀ of a matrix with known U and V.
  @Test(arguments: [[12, 30], [30, 12], [8, 8]]) func orthogonalizedSingularValues(_ shape: [Int]) throws {
    let matrix = try Tensor.noise(shape, seed: 7)
    let result = try Muon.orthogonalized(matrix)
    #expect(result.shape == shape)
    let svd = Operator("aten::linalg_svdvals")
    let values = try svd([.tensor(result), .none]).floats()
    #expect(values.allSatisfy { (0.6...1.25).contains($0) }, "\(values)")
    // The factor that it is near: torch.linalg.svd(matrix); U @ Vh.
    let factors = try Operator("aten::linalg_svd").all([.tensor(matrix), .bool(false), .none])
    let nearest = try factors[0].matmul(factors[2])
    let cosine =
      try (result * nearest).sum().scalar()
      / (result.squared().sum().scalar() * nearest.squared().sum().scalar()).squareRoot()
    #expect(cosine > 0.97)
  }

  @Test func orthogonalizedZeroStaysZero() throws {
    #expect(try Muon.orthogonalized(.zeros([3, 4])).floats().allSatisfy { $0 == 0 })
  }
}
