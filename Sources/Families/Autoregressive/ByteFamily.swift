public import Conditioners
internal import Foundation
public import Torch

/// P(text | y) as the product of P(byte | bytes before it, y), with the backbone injected (Bengio et al. 2003, "A neural
/// probabilistic language model", section 2, of bytes for words).
///
/// x is `int64 [N, 1 + T]`: where a row begins, one of `Start`, then T bytes.
public struct ByteFamily: Trainable, DensityModel, Encoding {
  /// What stands before the first byte of a row.
  public enum Start: Int, Sendable {
    /// The text begins here, or a line of it.
    case text = 256
    /// There are bytes before, out of sight.
    case middle = 257
  }

  /// What can follow, and what can be read.
  public static let (bytes, tokens) = (256, 258)

  /// Scores of the byte behind each token, `[N, T, 256]`, of tokens `int64 [N, T]` and `Conditioning.global`.
  public typealias Backbone = @Sendable (_ tokens: Tensor, _ global: Tensor) throws -> Tensor
  /// A vector of each token with all before it, `[N, T, D]`, of the same.
  public typealias States = @Sendable (_ tokens: Tensor, _ global: Tensor) throws -> Tensor

  private static let crossEntropy = Operator("aten::cross_entropy_loss")

  private let backbone: Backbone
  private let states: States

  public init(backbone: @escaping Backbone, states: @escaping States) {
    (self.backbone, self.states) = (backbone, states)
  }

  /// Bits a byte.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let (tokens, next) = try parts(x)
    let scores = try backbone(tokens, global(conditioning))
    let count = next.count
    return try Self.crossEntropy([
      .tensor(scores.reshaped([count, Self.bytes])), .tensor(next.reshaped([count])),
    ]) / log(2)
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws
    -> LogDensity
  {
    guard known == nil else { throw TensorError("text with missing bytes has no exact density") }
    return try Autograd.disabled {
      let (tokens, next) = try parts(x)
      let each = try backbone(tokens, global(conditioning)).logSoftmax(2).gather(2, next.unsqueezed(2))
        .squeezed(2)
      return LogDensity(try each.to(.float64).sum([1]), kind: .exact)
    }
  }

  /// The states on average.
  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled { try states(x, global(conditioning)).mean([1]) }
  }

  /// What is read, and what follows each of it.
  private func parts(_ x: Tensor) throws -> (tokens: Tensor, next: Tensor) {
    let length = x.shape[1] - 1
    return (try x.narrow(1, start: 0, length: length), try x.narrow(1, start: 1, length: length))
  }

  private func global(_ conditioning: Conditioning) throws -> Tensor {
    guard let global = conditioning.global else {
      throw TensorError("a model of text wants to be told a style")
    }
    return global
  }
}
