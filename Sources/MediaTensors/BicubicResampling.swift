internal import Foundation
public import Torch

/// Antialiased bicubic resampling as MATLAB's `imresize` does it (Keys 1981, a = −½; the kernel is widened by
/// the scale when it shrinks), on which the super-resolution literature is built.
public struct BicubicResampling: Sendable {
  /// For each output index the input indices and weights of its taps, `[outputs][taps]`.
  private let indices: [[Int64]]
  private let weights: [[Float]]
  /// The inputs that it reads.
  public let inputRange: Range<Int>

  /// - Parameters:
  ///   - inputs: length of the axis before.
  ///   - outputs: length of the axis after.
  ///   - scale: outputs / inputs before rounding; `nil` takes the lengths as they are.
  ///   - part: the outputs that are wanted; `nil` for all. Then only `inputRange` of the inputs is read.
  /// - Precondition: `part` is not empty and lies in 0 ..< outputs.
  public init(inputs: Int, outputs: Int, scale: Double? = nil, part: Range<Int>? = nil) {
    let part = part ?? 0..<outputs
    let scale = scale ?? Double(outputs) / Double(inputs)
    let shrink = min(scale, 1)
    let width = 4 / shrink
    let taps = Int(width.rounded(.up)) + 2
    var indices = [[Int64]](repeating: [Int64](repeating: 0, count: part.count), count: taps)
    var weights = [[Float]](repeating: [Float](repeating: 0, count: part.count), count: taps)
    for (place, output) in part.enumerated() {
      // Centres in MATLAB's coordinates, which count from 1.
      let centre = (Double(output) + 1) / scale + 0.5 * (1 - 1 / scale)
      let left = Int((centre - width / 2).rounded(.down))
      let raw = (0..<taps).map { Self.kernel((centre - Double(left + $0)) * shrink) }
      let sum = raw.reduce(0, +)
      for tap in 0..<taps {
        indices[tap][place] = Int64(Self.clamped(left + tap - 1, inputs))
        weights[tap][place] = Float(raw[tap] / sum)
      }
    }
    let used = (0..<taps).filter { tap in weights[tap].contains { $0 != 0 } }
    self.indices = used.map { indices[$0] }
    let read = self.indices.joined()
    inputRange = Int(read.min()!)..<Int(read.max()!) + 1
    self.weights = used.map { weights[$0] }
  }

  /// Keys's cubic, a = −½.
  static func kernel(_ x: Double) -> Double {
    let x = abs(x)
    if x <= 1 { return 1.5 * x * x * x - 2.5 * x * x + 1 }
    if x <= 2 { return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 }
    return 0
  }

  /// Index of a sample beyond the edge: the last sample is repeated, as by the MATLAB that made the low-resolution
  /// pictures of the benchmark sets. Later releases mirror, which differs in the two outermost pixels.
  static func clamped(_ index: Int, _ count: Int) -> Int { min(max(index, 0), count - 1) }

  /// Resamples one axis of `x`.
  /// - Parameter first: the input that `x` begins with; all of `inputRange` must be there.
  public func callAsFunction(_ x: Tensor, axis: Int, from first: Int = 0) throws -> Tensor {
    var shape = [Int](repeating: 1, count: x.rank)
    shape[axis] = indices[0].count
    var sum: Tensor?
    for (index, weight) in zip(indices, weights) {
      let places = try Tensor(index.map { $0 - Int64(first) }, shape: [index.count])
      let tap = try x.indexSelect(axis, places) * Tensor(weight, shape: shape)
      if let sum { try sum.add_(tap) } else { sum = tap }
    }
    return sum!
  }
}

extension Tensor {
  /// `[…, H, W]` resampled to `height` × `width`.
  /// - Parameter scale: of both axes before rounding, as in `imresize(picture, scale)`; `nil` takes the ratio of sizes.
  /// - Throws: `TensorError` for a picture or a size without pixels.
  public func resampledBicubic(height: Int, width: Int, scale: Double? = nil) throws -> Tensor {
    let shape = self.shape
    guard shape.count >= 2, shape.suffix(2).allSatisfy({ $0 > 0 }), height > 0, width > 0 else {
      throw TensorError("\(shape) cannot be resampled to \(height)×\(width)")
    }
    let (rows, columns) = (shape.count - 2, shape.count - 1)
    let vertical = BicubicResampling(inputs: shape[rows], outputs: height, scale: scale)
    let horizontal = BicubicResampling(inputs: shape[columns], outputs: width, scale: scale)
    return try horizontal(vertical(self, axis: rows), axis: columns)
  }
}
