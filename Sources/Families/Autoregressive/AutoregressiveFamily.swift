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
  private let steps: Steps

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

  private func rows(of conditioning: Conditioning) throws -> [[Float]] {
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

  /// For each sample a picture drawn from P(x | known part, y), and an estimate of log P(known part | y) in nats, by a
  /// particle filter (Gordon, Salmond & Smith 1993): pictures are drawn side by side, are weighted by how well they
  /// foretell the known pixels, and the better ones are copied over the worse.
  private func filtered(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise)
    throws
    -> [(levels: [Int], logDensity: Double)]
  {
    let globals = try rows(of: conditioning)
    let all = try Self.levels(x).contiguous().floats()
    let mask = try known.to(.float32).contiguous().floats()
    return try globals.indices.map { row in
      let range = row * order.count..<(row + 1) * order.count
      return try filter(
        globals[row], levels: Array(all[range]), isKnown: mask[range].map { $0 > 0 },
        noise: { noise.row(row, step: $1, stream: $0) })
    }
  }

  private func filter(
    _ global: [Float], levels: [Float], isKnown: [Bool], noise: (_ stream: String, _ step: Int) -> KeyedNoise
  ) throws -> (levels: [Int], logDensity: Double) {
    let count = order.count
    let stepper = try steps([[Float]](repeating: global, count: particles))
    let uniforms = (0..<particles).map { noise("particle", $0).uniform(count: 2 * count) }
    var pictures = [[Int]](repeating: [Int](repeating: 0, count: count), count: particles)
    var weights = [Double](repeating: 0, count: particles)
    var now = [Int](repeating: 0, count: particles)
    var total = 0.0
    var turn = 0
    while !stepper.isAtEnd {
      let pixel = stepper.place.row * sampleShape[2] + stepper.place.column
      for particle in 0..<particles {
        let parameters = stepper.parameters(particle)
        if isKnown[pixel] {
          now[particle] = Int(levels[pixel])
          weights[particle] += DiscretizedLogisticMixture.logProbability(now[particle], parameters)
        } else {
          now[particle] = DiscretizedLogisticMixture.draw(
            parameters, (uniforms[particle][2 * pixel], uniforms[particle][2 * pixel + 1]))
        }
        pictures[particle][pixel] = now[particle]
      }
      stepper.advance(now)
      let shares = Self.shares(weights)
      // Effective number of particles (Kong, Liu & Wong 1994).
      let effective = 1 / shares.reduce(0) { $0 + $1 * $1 }
      if effective < Double(particles) / 2, !stepper.isAtEnd {
        total += Self.logMean(weights)
        let parents = Self.resampled(shares, Double(noise("resampling", turn).uniform(count: 1)[0]))
        turn += 1
        let before = pictures
        for (particle, parent) in parents.enumerated() where parent != particle {
          stepper.copy(from: parent, to: particle)
          pictures[particle] = before[parent]
        }
        weights = [Double](repeating: 0, count: particles)
      }
    }
    total += Self.logMean(weights)
    let chosen = MixtureFamily.draw(Self.shares(weights), noise("choice", 0).uniform(count: 1)[0])
    return (pictures[chosen], total)
  }

  private static func shares(_ logWeights: [Double]) -> [Double] {
    let most = logWeights.max() ?? 0
    let each = logWeights.map { exp($0 - most) }
    let sum = each.reduce(0, +)
    return each.map { $0 / sum }
  }

  private static func logMean(_ logWeights: [Double]) -> Double {
    let most = logWeights.max() ?? 0
    return most + log(logWeights.reduce(0) { $0 + exp($1 - most) } / Double(logWeights.count))
  }

  /// Systematic resampling (Kitagawa 1996): the parent of each particle. One that survives stays in its place, so that
  /// copies never overwrite what is still to be copied.
  static func resampled(_ shares: [Double], _ uniform: Double) -> [Int] {
    let count = shares.count
    var copies = [Int](repeating: 0, count: count)
    var (sum, index) = (shares[0], 0)
    for place in 0..<count {
      let point = (Double(place) + uniform) / Double(count)
      while sum < point, index < count - 1 {
        index += 1
        sum += shares[index]
      }
      copies[index] += 1
    }
    var spare = copies.indices.flatMap { [Int](repeating: $0, count: max(0, copies[$0] - 1)) }
    return copies.indices.map { copies[$0] > 0 ? $0 : spare.removeFirst() }
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
