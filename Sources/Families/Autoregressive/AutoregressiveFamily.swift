public import Conditioners
internal import Foundation
public import StepInference
public import Torch

/// P(x | y) as the product of P(pixel | pixels before it, y), with the backbone injected (van den Oord et al. 2016,
/// "Pixel recurrent neural networks", equation 1).
///
/// x is `[N, 1, H, W]` with grey level v in v/256 … (v + 1)/256; only the level counts, and the density is constant
/// inside it.
public struct AutoregressiveFamily: Trainable, DensityModel, Sampling, Completing, Encoding {
  /// Parameters of `DiscretizedLogisticMixture` for each pixel, `[N, 3 M, H, W]`, of levels 0…255 `[N, 1, H, W]`; each
  /// depends on the pixels before it alone.
  public typealias Backbone = @Sendable (_ levels: Tensor, _ global: Tensor) throws -> Tensor

  /// Begins to draw a picture for each of the given `Conditioning.global`.
  public typealias Steps = @Sendable (_ globals: [[Float]]) throws -> any PixelStepper

  public let sampleShape: [Int]
  /// The rank of each pixel in the order in which they are drawn, row by row.
  public let order: [Int]
  /// Pictures that are followed at once where what is known comes after what is missing.
  public let particles: Int
  /// A short vector of each picture, `[N, D]`.
  public typealias Summary = @Sendable (_ levels: Tensor, _ global: Tensor) throws -> Tensor

  private let backbone: Backbone
  private let summary: Summary
  let steps: Steps

  public init(
    sampleShape: [Int], order: [Int], particles: Int = 32, backbone: @escaping Backbone,
    summary: @escaping Summary, steps: @escaping Steps
  ) {
    self.sampleShape = sampleShape
    self.order = order
    self.particles = particles
    self.backbone = backbone
    self.summary = summary
    self.steps = steps
  }

  static func levels(_ x: Tensor) throws -> Tensor { try (x * 256).floored().clamped(0, 255) }

  /// Bits a pixel.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let levels = try Self.levels(x)
    return try
      -(DiscretizedLogisticMixture.logProbability(levels, backbone(levels, global(conditioning))).mean()
      / log(2))
  }

  private func global(_ conditioning: Conditioning) throws -> Tensor {
    guard let global = conditioning.global else {
      throw TensorError("an autoregressive model of classes wants to be told one")
    }
    return global
  }

  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled { try summary(Self.levels(x), global(conditioning)) }
  }

  /// −log P(pixel | pixels before it, y) of every pixel in nats, `[N, H, W]`.
  public func surprise(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      let levels = try Self.levels(x)
      return try -DiscretizedLogisticMixture.logProbability(levels, backbone(levels, global(conditioning)))
    }
  }

  /// Where missing pixels come after all that are known, such as the lower half, they are left out of the product, and
  /// the density is exact; elsewhere it is estimated by a particle filter.
  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    try Autograd.disabled {
      if let known, try !areLast(known) {
        let rows = try filtered(x, known: known, given: conditioning, noise: noise)
        let counted = try known.to(.float64).sum([1, 2, 3]) * log(256)
        return LogDensity(
          try Tensor(rows.map(\.logDensity), shape: [rows.count]) + counted, kind: .estimate,
          evaluations: particles)
      }
      // A level's probability is spread over 1/256.
      var each = try surprise(x, given: conditioning).to(.float64) * -1 + log(256)
      if let known { each = try each * known.select(1, 0).to(.float64) }
      return LogDensity(try each.sum([1, 2]), kind: .exact)
    }
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let globals = try rows(of: conditioning)
    let uniforms = noise.samples.indices.map {
      noise.row($0, stream: "pixels").uniform(count: 2 * order.count)
    }
    let stepper = try steps(globals)
    var levels = [Float](repeating: 0, count: globals.count * order.count)
    var now = [Int](repeating: 0, count: globals.count)
    let width = sampleShape[2]
    while !stepper.isAtEnd {
      let pixel = stepper.place.row * width + stepper.place.column
      for row in globals.indices {
        now[row] = DiscretizedLogisticMixture.draw(
          stepper.parameters(row), (uniforms[row][2 * pixel], uniforms[row][2 * pixel + 1]))
        levels[row * order.count + pixel] = (Float(now[row]) + 0.5) / 256
      }
      stepper.advance(now)
    }
    return try Tensor(levels, shape: [globals.count] + sampleShape)
  }

  func rows(of conditioning: Conditioning) throws -> [[Float]] {
    let global = try global(conditioning)
    let values = try global.contiguous().floats()
    let width = global.shape[1]
    return (0..<global.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  /// Draws of the missing pixels given the known ones: exact where the known ones come first, else one of the particle
  /// filter's pictures.
  public func complete(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws
    -> Tensor
  {
    let drawn = try filtered(x, known: known, given: conditioning, noise: noise)
    let values = drawn.flatMap { $0.levels.map { (Float($0) + 0.5) / 256 } }
    return try x.selected(where: known, else: Tensor(values, shape: [drawn.count] + sampleShape))
  }

  /// Whether no known pixel follows a missing one.
  private func areLast(_ known: Tensor) throws -> Bool {
    let values = try known.to(.float32).contiguous().floats()
    let pixels = order.count
    for row in 0..<known.shape[0] {
      var lastKnown = -1
      var firstMissing = pixels
      for (pixel, rank) in order.enumerated() {
        if values[row * pixels + pixel] > 0 {
          lastKnown = max(lastKnown, rank)
        } else {
          firstMissing = min(firstMissing, rank)
        }
      }
      if lastKnown > firstMissing { return false }
    }
    return true
  }
}
