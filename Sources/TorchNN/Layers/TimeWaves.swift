internal import Foundation
public import Torch

/// A number as cosines and sines of many frequencies, as networks are told how noisy x is (Vaswani et al. 2017, "Attention
/// is all you need", section 3.5; Ho et al. 2020, appendix B).
public struct TimeWaves: Sendable {
  /// Half as many as there are waves, from 1 to 1000.
  public let frequencies: [Float]

  /// - Parameter count: of the waves; even.
  public init(_ count: Int) {
    let half = count / 2
    frequencies = (0..<half).map { Float(pow(1000, Double($0) / Double(max(1, half - 1)))) }
  }

  /// `[N]` to `[N, count]`, cosines first.
  public func callAsFunction(_ time: Tensor) throws -> Tensor {
    let angles =
      try time.to(.float32).unsqueezed(1)
      * Tensor(frequencies, shape: [1, frequencies.count]).to(device: time.device)
    return try Tensor.cat([angles.cosine(), angles.sine()], axis: 1)
  }

  /// The same of one number.
  public func callAsFunction(_ time: Float) -> [Float] {
    let angles = frequencies.map { $0 * time }
    return angles.map { cos($0) } + angles.map { sin($0) }
  }
}
