import Foundation
import TestSupport
import Testing
import Torch

struct AutogradTests {
  /// Mean square of a rectified convolution of `[2, 4, 9, 8]`.
  private static func loss(_ image: Tensor, _ weight: Tensor, _ bias: Tensor) throws -> Tensor {
    try image.conv2d(weight, bias: bias, padding: 1).relu().squared().mean()
  }

  // loss = F.conv2d(image, plain, bias, padding=1).relu().square().mean()
  // torch.autograd.grad(loss, (image, plain, bias))
  @Test func gradientsOfAConvolution() throws {
    let golden = try Golden("operators", .module)
    let inputs = try ["image", "plain", "bias"].map { try golden($0).requiresGradient(true) }
    let loss = try Self.loss(inputs[0], inputs[1], inputs[2])
    #expect(try largestDifference(loss, golden("loss")) < 1e-6)
    let gradients = try Autograd.gradients(of: loss, inputs)
    for (name, gradient) in zip(["image", "plain", "bias"], gradients) {
      #expect(try largestDifference(gradient, golden("gradient.\(name)")) < 1e-6)
    }
  }

  @Test func gradientsOfUnusedInputsAreZeros() throws {
    let used = try Tensor([3] as [Float], shape: [1]).requiresGradient(true)
    let unused = try Tensor.full([2, 2], 1).requiresGradient(true)
    let gradients = try Autograd.gradients(of: used.squared().sum(), [unused, used])
    #expect(gradients[0].shape == [2, 2])
    #expect(try gradients[0].floats() == [0, 0, 0, 0])
    #expect(try gradients[1].floats() == [6])
  }

  @Test func gradientsWithRespectToNothing() throws {
    let x = try Tensor([3] as [Float], shape: [1]).requiresGradient(true)
    #expect(try Autograd.gradients(of: x.squared().sum(), []).isEmpty)
  }

  @Test func nothingIsAccumulated() throws {
    let x = try Tensor([3] as [Float], shape: [1]).requiresGradient(true)
    for _ in 0..<3 { #expect(try Autograd.gradients(of: x.squared().sum(), [x])[0].floats() == [6]) }
  }

  @Test func disabledRecordsNothing() throws {
    let x = try Tensor.full([1], 2).requiresGradient(true)
    let outside = try x * 2
    #expect(outside.requiresGradient)
    let inside = try Autograd.disabled { try x * 2 }
    #expect(!inside.requiresGradient)
    // A leaf that is recorded may be changed in place only where nothing is.
    #expect(throws: TensorError.self) { try x.add_(.full([1], 1)) }
    try Autograd.disabled { try x.add_(.full([1], 1)) }
    #expect(try x.scalar() == 3)
    #expect(try !x.detached().requiresGradient)
  }

  @Test func modeComesBackAfterAnError() throws {
    let x = try Tensor.full([1], 2).requiresGradient(true)
    #expect(throws: TensorError.self) { try Autograd.disabled { throw TensorError("on purpose") } }
    #expect(try (x * 2).requiresGradient)
    try Autograd.disabled {
      let inside = try Autograd.with(enabled: true) { try x * 2 }
      #expect(inside.requiresGradient)
      #expect(try !(x * 2).requiresGradient)
    }
  }

  @Test func errors() throws {
    let x = try Tensor.full([2], 2).requiresGradient(true)
    let vector = try x * 2
    var error = try #require(throws: TensorError.self) { try Autograd.gradients(of: vector, [x]) }
    #expect(error.description.hasPrefix("gradients of a tensor of shape [2]: "))
    let plain = try Tensor.full([], 2)
    error = try #require(throws: TensorError.self) { try Autograd.gradients(of: plain, [x]) }
    #expect(error.description.hasPrefix("gradients of a tensor of shape []: "))
    let whole = try Tensor([1, 2] as [Int64], shape: [2])
    error = try #require(throws: TensorError.self) { try whole.requiresGradient(true) }
    #expect(error.description.hasPrefix("requiresGradient of a int64 tensor: "))
  }

  /// Every thread walks its own graph down to the same leaves.
  @Test func threadsShareParameters() throws {
    let golden = try Golden("operators", .module)
    let parameters = try ["plain", "bias"].map { try golden($0).requiresGradient(true) }
    let gradients: @Sendable (Int) throws -> [Data] = { index in
      let image = try Tensor.noise([2, 4, 9, 8], seed: UInt64(index))
      let loss = try Self.loss(image, parameters[0], parameters[1])
      return try Autograd.gradients(of: loss, parameters).map { try $0.bytes() }
    }
    let serial = try ChunkRunner(workers: 1, recordsGradients: true).map(24, gradients)
    for workers in [2, 4] {
      let parallel = try ChunkRunner(workers: workers, recordsGradients: true).map(24, gradients)
      #expect(parallel == serial)
    }
  }
}
