internal import Foundation
public import Torch
public import TorchNN

/// A `CausalTransformer` that goes token after token: the same function, from weights that are packed once and without
/// libtorch.
public final class CausalTransformerSteps: Sendable {
  struct Norm {
    let weight: AlignedFloats
    let bias: AlignedFloats
    /// Of the token before; nil behind the last block.
    let share: AlignedFloats?
  }

  struct Block {
    let norm1: Norm
    let qkv: StepLinear
    let out: StepLinear
    let norm2: Norm
    let fc1: StepLinear
    let fc2: StepLinear
  }

  public let configuration: CausalTransformer.Configuration
  /// `[vocabulary, D]`.
  let tokens: AlignedFloats
  let told: StepLinear
  let blocks: [Block]
  let norm: Norm
  let output: StepLinear
  let positions: RotaryPositions

  /// - Throws: `TensorError` for weights of another network.
  public init(_ weights: HostWeights, _ configuration: CausalTransformer.Configuration) throws {
    let c = configuration
    self.configuration = c
    func linear(_ name: String, _ inputs: Int, _ outputs: Int, hasBias: Bool = false) throws -> StepLinear {
      StepLinear(
        try weights("\(name).weight", [outputs, inputs]), inputs: inputs, outputs: outputs,
        bias: hasBias ? try weights("\(name).bias", [outputs]) : nil)
    }
    func norm(_ name: String, share: String? = nil) throws -> Norm {
      Norm(
        weight: AlignedFloats(try weights("\(name).weight", [c.width])),
        bias: AlignedFloats(try weights("\(name).bias", [c.width])),
        share: try share.map { AlignedFloats(try weights($0, [c.width])) })
    }
    tokens = AlignedFloats(try weights("tokens", [c.vocabulary, c.width]))
    told = try linear("told", c.condition, c.width)
    blocks = try (0..<c.layers).map { layer in
      let name = "body.\(layer)"
      return Block(
        norm1: try norm("\(name).norm1", share: "\(name).share1"),
        qkv: try linear("\(name).attention.qkv", c.width, 3 * c.width),
        out: try linear("\(name).attention.out", c.width, c.width),
        norm2: try norm("\(name).norm2", share: "\(name).share2"),
        fc1: try linear("\(name).fc1", c.width, c.hidden), fc2: try linear("\(name).fc2", c.hidden, c.width))
    }
    self.norm = try norm("norm")
    output = try linear("output", c.width, c.outputs, hasBias: true)
    positions = RotaryPositions(size: c.width / c.heads, length: c.length)
  }

  /// Reads the weights of a network; later changes of it are not seen.
  public convenience init(_ network: CausalTransformer) throws {
    try self.init(
      HostWeights(Safetensors(metadata: [:], tensors: network.storedWeights()), name: "the network"),
      network.configuration)
  }

  /// Bytes of weights that one token takes to be read.
  public var trafficPerToken: Int {
    (blocks.flatMap { [$0.qkv, $0.out, $0.fc1, $0.fc2] } + [output]).reduce(0) {
      $0 + $1.inputs * $1.roundedOutputs * ($1.isHalf ? 2 : 4)
    }
  }
}
