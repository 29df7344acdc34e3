import Foundation
import TestSupport
import Testing
import Torch

/// Every named operator gives what PyTorch gives; `Golden/make_operators_golden.py` computed it.
struct OperatorParityTests {
  let golden: Golden

  init() throws { golden = try Golden("operators", .module) }

  private func expect(
    _ pairs: [(name: String, result: Tensor)], tolerance: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (name, result) in pairs {
      let difference = try largestDifference(result, golden(name))
      #expect(difference <= tolerance, "\(name) is off by \(difference)", sourceLocation: sourceLocation)
    }
  }

  // a, b = torch.randn(2, 3, 1), torch.randn(3, 4)
  // a + b, a + 1.5, a - b, a - 1.5, a * b, a * -2.5, a / b, a / 3, -a
  // m, n = torch.randn(2, 3, 4), torch.randn(4, 5); m @ n
  @Test func arithmeticBroadcasts() throws {
    let (a, b) = (try golden("a"), try golden("b"))
    try expect([
      ("add", a + b), ("add_scalar", a + 1.5), ("sub", a - b), ("sub_scalar", a - 1.5), ("mul", a * b),
      ("mul_scalar", a * -2.5), ("mul_scalar", -2.5 * a), ("div", a / b), ("div_scalar", a / 3), ("neg", -a),
    ])
    try expect([("matmul", golden("m").matmul(golden("n")))], tolerance: 1e-6)
  }

  // x.relu(), F.leaky_relu(x, 0.1), …, x.abs().log(), (x * 2).round() / 2, x.floor(), x.clamp(-1, 1)
  @Test func functionsOfOneElement() throws {
    let x = try golden("x")
    try expect([
      ("relu", x.relu()), ("leaky_relu", x.leakyReLU(slope: 0.1)), ("abs", x.abs()), ("square", x.squared()),
      ("round", (x * 2).rounded() / 2), ("floor", x.floored()), ("clamp", x.clamped(-1, 1)),
    ])
    // Not rounded alike by every processor's square root.
    try expect([("sqrt", x.abs().squareRoot())], tolerance: 5e-7)
    try expect(
      [
        ("sigmoid", x.sigmoid()), ("tanh", x.tanh()), ("silu", x.silu()), ("gelu", x.gelu()),
        ("exp", x.exp()),
        ("log", x.abs().log()),
      ], tolerance: 1e-5)
  }

  // p.permute(0, 2, 3, 1), p.narrow(2, 1, 3), torch.cat([p, p * 2], 1), F.pad(p, (1, 2, 0, 3), "reflect"), …
  @Test func shapes() throws {
    let p = try golden("p")
    try expect([
      ("permute", p.permuted([0, 2, 3, 1])), ("narrow", p.narrow(2, start: 1, length: 3)),
      ("cat", .cat([p, p * 2], axis: 1)), ("stack", .stack([p, p * 2], axis: 1)),
      ("pad_zeros", p.padded([1, 2, 0, 3])), ("pad_replicate", p.padded([1, 2, 0, 3], .replicate)),
      ("pad_reflect", p.padded([1, 2, 0, 3], .reflect)), ("flip", p.flipped([1, 3])),
      ("repeat", p.repeatInterleave(2, axis: 2)),
      ("index", p.indexSelect(3, Tensor([3, 0, 0] as [Int64], shape: [3]))), ("select", p.select(1, 2)),
    ])
    #expect(try p.unsqueezed(0).shape == [1, 2, 3, 5, 4])
    #expect(try p.unsqueezed(0).squeezed(0).shape == [2, 3, 5, 4])
    #expect(try p.reshaped([6, -1]).shape == [6, 20])
    #expect(try p.reshaped([6, -1]).bytes() == p.bytes())
    // The order in memory is no part of the values.
    #expect(try p.contiguous(.channelsLast).bytes() == p.bytes())
  }

  // p.sum(), p.sum((0, 2)), p.mean(), p.mean((2, 3), keepdim=True), p.max(), p.min()
  @Test func reductions() throws {
    let p = try golden("p")
    try expect(
      [
        ("sum", p.sum()), ("sum_axes", p.sum([0, 2])), ("mean", p.mean()),
        ("mean_axes", p.mean([2, 3], keepAxes: true)),
      ], tolerance: 1e-5)
    try expect([("maximum", p.maximum()), ("minimum", p.minimum())])
  }

  // F.conv2d(image, plain, bias, padding=1), F.conv2d(image, plain),
  // F.conv2d(image, grouped, bias, stride=2, padding=1, groups=2), F.conv2d(image, plain, bias, padding=2, dilation=2)
  @Test func convolutions() throws {
    let (image, plain, bias) = (try golden("image"), try golden("plain"), try golden("bias"))
    try expect(
      [
        ("conv", image.conv2d(plain, bias: bias, padding: 1)),
        ("conv_no_bias", image.conv2d(plain, bias: nil)),
        ("conv_strided", image.conv2d(golden("grouped"), bias: bias, stride: 2, padding: 1, groups: 2)),
        ("conv_dilated", image.conv2d(plain, bias: bias, padding: 2, dilation: 2)),
      ], tolerance: 1e-5)
  }

  // F.linear(rows, weight, bias), F.linear(rows, weight)
  @Test func linear() throws {
    let (rows, weight) = (try golden("rows"), try golden("weight"))
    try expect(
      [
        ("linear", rows.linear(weight, bias: golden("bias"))),
        ("linear_no_bias", rows.linear(weight, bias: nil)),
      ], tolerance: 1e-5)
  }

  // F.pixel_shuffle(shuffle, 2), F.interpolate(p, (10, 8), mode="bilinear"), F.interpolate(p, (7, 9), mode="bilinear")
  @Test func enlarging() throws {
    let p = try golden("p")
    try expect([("pixel_shuffle", golden("shuffle").pixelShuffled(2))])
    try expect(
      [
        ("bilinear_double", p.resizedBilinear(height: 10, width: 8)),
        ("bilinear_odd", p.resizedBilinear(height: 7, width: 9)),
      ], tolerance: 1e-6)
  }

  @Test func finiteness() throws {
    #expect(try golden("x").isFinite())
    #expect(try !Tensor([1, .nan] as [Float], shape: [2]).isFinite())
    #expect(try !Tensor([1, -.infinity] as [Double], shape: [2]).isFinite())
    #expect(try Tensor([] as [Float], shape: [0]).isFinite())
  }
}
