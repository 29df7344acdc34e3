public import Torch

/// A convolution whose output at a pixel sees only what comes before it in reading order: the rows above, and the
/// same row to its left (van den Oord et al. 2016, "Pixel recurrent neural networks", section 3.3).
public final class CausalConv2d: Module, ComputesInType, @unchecked Sendable {
  /// What an output sees of its own pixel.
  public enum Here: Sendable {
    /// Nothing: mask A.
    case nothing
    /// All of it: mask B.
    case everything
    /// Output group `o` of `groups` sees the input groups below `o`: the parts of a pixel come one after the other.
    case earlierGroups(Int)
  }

  /// `[D, C, rows + 1, 2 · reach + 1]`; entries that would look ahead are held at zero by `mask`.
  public let weight: Parameter
  public let bias: Parameter?
  /// Rows above that are seen.
  public let rows: Int
  /// Columns to either side.
  public let reach: Int
  private let mask: Tensor
  /// The type in which the products are computed; weights stay in float32.
  public var computeType: DType = .float32

  /// - Parameters:
  ///   - inputs: C.
  ///   - outputs: D.
  ///   - gain: of the initial weights, normal with deviation gain · √(1 / values seen).
  public init(
    _ inputs: Int, _ outputs: Int, rows: Int, reach: Int, here: Here, hasBias: Bool = true, gain: Double = 1
  ) throws {
    (self.rows, self.reach) = (rows, reach)
    let (height, width) = (rows + 1, 2 * reach + 1)
    var values = [Float](repeating: 0, count: outputs * inputs * height * width)
    var seen = 0
    for output in 0..<outputs {
      for input in 0..<inputs {
        for y in 0..<height {
          for x in 0..<width {
            let isSeen =
              y < rows || x < reach
              || (x == reach && Self.sees(output, input, outputs: outputs, inputs: inputs, here))
            guard isSeen else { continue }
            values[((output * inputs + input) * height + y) * width + x] = 1
            seen += 1
          }
        }
      }
    }
    mask = try Tensor(values, shape: [outputs, inputs, height, width])
    let fanIn = Double(max(1, seen / outputs))
    weight = try Parameter([outputs, inputs, height, width], .normal(deviation: gain / fanIn.squareRoot()))
    bias = hasBias ? try Parameter([outputs], .constant(0)) : nil
  }

  private static func sees(_ output: Int, _ input: Int, outputs: Int, inputs: Int, _ here: Here) -> Bool {
    switch here {
    case .nothing: false
    case .everything: true
    case .earlierGroups(let groups): input / (inputs / groups) < output / (outputs / groups)
    }
  }

  /// The weights with zeros where they would look ahead.
  public var masked: Tensor { get throws { try weight.value * mask.to(device: weight.value.device) } }

  /// `[N, C, H, W]` to `[N, D, H, W]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.to(computeType).padded([reach, reach, rows, 0]).conv2d(
      masked.to(computeType), bias: bias?.value.to(computeType))
  }
}
