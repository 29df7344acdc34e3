internal import CKernels
public import Torch
public import TorchNN

/// A `CausalPatchNetwork` that goes pixel after pixel: the same function, from weights that are packed once.
public final class CausalPatchSteps: Sendable {
  struct Block {
    let conv: StepLinear
    let out: StepLinear
    /// `[2 C, K]`.
    let label: StepLinear
  }

  /// What one of a patch's four pixels has of its own.
  struct Head {
    let near: StepLinear
    let middle: StepLinear
    let last: StepLinear
  }

  let configuration: CausalPatchNetwork.Configuration
  let first: StepLinear
  /// `[H, W, C]`.
  let position: [Float]
  let blocks: [Block]
  let context: StepLinear
  let heads: [Head]

  static let (firstRows, firstReach) = (3, 4)
  static let features = PatchFeatures.channels

  /// Reads the weights; later changes of the module are not seen.
  public init(_ network: CausalPatchNetwork) throws {
    let c = network.configuration
    configuration = c
    (first, position, blocks, context, heads) = try Autograd.disabled {
      let blocks = try network.body.map { block in
        Block(
          conv: try Self.taps(block.conv, here: true),
          out: try StepLinear(
            block.out.weight.value.reshaped([c.channels, c.channels]), bias: block.out.bias?.value),
          label: try StepLinear(block.label.weight.value, bias: nil))
      }
      let near = try Self.tapMatrix(network.near, here: true)
      let heads = try (0..<CausalPatchNetwork.pixels).map { pixel in
        func own(_ tensor: Tensor, _ rows: Int) throws -> Tensor {
          try tensor.narrow(0, start: pixel * rows, length: rows)
        }
        return Head(
          near: try StepLinear(own(near, c.head), bias: nil),
          middle: try StepLinear(
            own(network.middle.value, c.head).reshaped([c.head, c.head]),
            bias: own(network.middleBias.value, c.head)),
          last: try StepLinear(
            own(network.last.value, c.outputs).reshaped([c.outputs, c.head]),
            bias: own(network.lastBias.value, c.outputs)))
      }
      return (
        try Self.taps(network.first, here: false),
        try network.position.value.permuted([1, 2, 0]).contiguous().floats(), blocks,
        try StepLinear(
          network.context.weight.value.reshaped([4 * c.head, c.channels]), bias: network.context.bias?.value),
        heads
      )
    }
  }

  private static func taps(_ convolution: CausalConv2d, here: Bool) throws -> StepLinear {
    try StepLinear(tapMatrix(convolution, here: here), bias: convolution.bias?.value)
  }

  /// `[D, taps · C]`: the rows above from left to right, then the same row up to this place or the one before.
  private static func tapMatrix(_ convolution: CausalConv2d, here: Bool) throws -> Tensor {
    let weight = try convolution.masked.permuted([0, 2, 3, 1]).contiguous()
    let (d, c) = (weight.shape[0], weight.shape[3])
    let above = try weight.narrow(1, start: 0, length: convolution.rows).reshaped([d, -1])
    let length = convolution.reach + (here ? 1 : 0)
    let same = try weight.select(1, convolution.rows).narrow(1, start: 0, length: length).reshaped([
      d, length * c,
    ])
    return try Tensor.cat([above, same], axis: 1)
  }
}
