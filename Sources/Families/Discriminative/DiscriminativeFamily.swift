public import Conditioners
internal import Foundation
public import Torch

/// P(y | x) itself, with the backbone injected: what a generative model is compared with, and the judge of draws.
///
/// x is `[N, C, H, W]` about 0…1.
public struct DiscriminativeFamily: Trainable, Classifying, Encoding {
  /// Features `[N, D]` of x over −1…1.
  public typealias Features = @Sendable (_ x: Tensor) throws -> Tensor
  /// Scores before the softmax, `[N, K]`, of features.
  public typealias Scores = @Sendable (_ features: Tensor) throws -> Tensor

  private let features: Features
  private let scores: Scores
  /// Largest shift of a training picture to any side, in pixels.
  private let shift: Int
  /// Whether a mirrored picture is of the same class.
  private let mirrors: Bool

  public init(shift: Int, mirrors: Bool, features: @escaping Features, scores: @escaping Scores) {
    self.shift = shift
    self.mirrors = mirrors
    self.features = features
    self.scores = scores
  }

  /// Cross entropy in nats, of pictures that are shifted, and mirrored where that is allowed, at random.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    guard let target = conditioning.global else { throw TensorError("the class of each picture is wanted") }
    return try -(logPosterior(augmented(x, noise)) * target).sum([1]).mean()
  }

  private func augmented(_ x: Tensor, _ noise: BatchNoise) throws -> Tensor {
    let (height, width) = (x.shape[2], x.shape[3])
    let padded = try x.padded([shift, shift, shift, shift])
    let rows = try noise.samples.indices.map { row -> Tensor in
      let places = noise.row(row, stream: "shift").integers(below: 2 * shift + 1, count: 2)
      let isMirrored = mirrors && noise.row(row, stream: "mirror").integers(below: 2, count: 1)[0] == 1
      let part = try padded.narrow(0, start: row, length: 1)
        .narrow(2, start: places[0], length: height).narrow(3, start: places[1], length: width)
      return isMirrored ? try part.flipped([3]) : part
    }
    return try Tensor.cat(rows, axis: 0)
  }

  public func logPosterior(_ x: Tensor) throws -> Tensor {
    try scores(features(x * 2 - 1)).logSoftmax(1)
  }

  /// The features that the classes are told by.
  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled { try features(x * 2 - 1) }
  }
}
