public import Conditioners
internal import Foundation
public import Torch

/// P(x | y) as a mixture of normal distributions without correlations, whose shares, means and deviations a network says
/// (Bishop 1994, "Mixture density networks", equations 22 to 26). Its density is exact.
public struct MixtureDensity: Sampling, Trainable, DensityModel {
  /// K (1 + 2 D) numbers of y, `[N, …]`: K scores, then the means and the logarithms of the deviations, each `[K, D]`.
  public typealias Backbone = @Sendable (Conditioning) throws -> Tensor

  /// K.
  public let components: Int
  /// D.
  public let dimensions: Int
  /// Smallest deviation: no x is ever surer than that, so densities have a limit.
  public let floor: Double
  private let backbone: Backbone

  /// - Parameter backbone: where x are tensors; numbers of a single x need none.
  public init(
    components: Int, dimensions: Int, floor: Double,
    backbone: @escaping Backbone = { _ in throw TensorError("this density has no network on tensors") }
  ) {
    (self.components, self.dimensions, self.floor) = (components, dimensions, floor)
    self.backbone = backbone
  }

  /// Numbers that the backbone gives.
  public static func outputs(components: Int, dimensions: Int) -> Int { components * (1 + 2 * dimensions) }

  private static let logarithms = (smallest: -7.0, largest: 3.0)

  /// Nats of each row, by what the backbone gave.
  private func logProbability(_ x: Tensor, _ parameters: Tensor) throws -> Tensor {
    let (n, k, d) = (x.shape[0], components, dimensions)
    let shares = try parameters.narrow(1, start: 0, length: k).logSoftmax(1)
    let means = try parameters.narrow(1, start: k, length: k * d).reshaped([n, k, d])
    let scales = try parameters.narrow(1, start: k + k * d, length: k * d).reshaped([n, k, d])
    let deviations = try scales.clamped(Self.logarithms.smallest, Self.logarithms.largest).exp() + floor
    let distance = try (x.reshaped([n, 1, d]) - means) / deviations
    let each = try (distance.squared() * -0.5 - deviations.log()).sum([2]) - Double(d) / 2 * log(2 * .pi)
    return try (shares + each).logSumExp(1)
  }

  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try -logProbability(x.reshaped([x.shape[0], dimensions]), backbone(conditioning)).mean()
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    guard known == nil else { throw TensorError("this mixture does not sum over missing parts") }
    return try Autograd.disabled {
      LogDensity(
        try logProbability(x.reshaped([x.shape[0], dimensions]), backbone(conditioning)).to(.float64),
        kind: .exact)
    }
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let parameters = try Autograd.disabled { try backbone(conditioning) }
    let (values, width) = (try parameters.contiguous().floats(), parameters.shape[1])
    let rows = noise.samples.indices.flatMap { row in
      draw(Array(values[row * width..<(row + 1) * width]), noise: noise, row: row)
    }
    return try Tensor(rows, shape: [noise.samples.count, dimensions])
  }

  /// One x by what the backbone gave for its y.
  public func draw(_ parameters: [Float], noise: BatchNoise, row: Int = 0) -> [Float] {
    let (k, d) = (components, dimensions)
    let chosen = noise.row(row, stream: "component").category(parameters[..<k].map(Double.init).softmax)
    let grain = noise.row(row, stream: "start").normal(count: d)
    return (0..<d).map { index in
      parameters[k + chosen * d + index] + deviation(parameters[k + k * d + chosen * d + index])
        * grain[index]
    }
  }

  /// log p of one x by what the backbone gave for its y, in nats.
  public func logProbability(_ x: [Float], _ parameters: [Float]) -> Double {
    let (k, d) = (components, dimensions)
    let all = parameters[..<k].map(Double.init).logSumExp
    let each = (0..<k).map { component in
      (0..<d).reduce(Double(parameters[component]) - all) { total, index in
        let scale = Double(deviation(parameters[k + k * d + component * d + index]))
        let distance = Double(x[index] - parameters[k + component * d + index]) / scale
        return total - distance * distance / 2 - log(scale) - 0.5 * log(2 * .pi)
      }
    }
    return each.logSumExp
  }

  private func deviation(_ logarithm: Float) -> Float {
    let (low, high) = (Float(Self.logarithms.smallest), Float(Self.logarithms.largest))
    return exp(min(max(logarithm, low), high)) + Float(floor)
  }
}
