public import Conditioners
internal import Foundation
public import Torch

/// What a hierarchical variational model asks its network; a group is one set of latent numbers, from coarse to fine.
public protocol LadderBackbone: Sendable {
  /// Shape of each group's latent numbers, `[c, h, w]`.
  var latentShapes: [[Int]] { get }
  /// Features of grey levels 0…255 `[N, 1, H, W]` for each group.
  func encoded(_ levels: Tensor) throws -> [Tensor]
  /// The stream before the first group.
  func begin(global: Tensor) throws -> Tensor
  /// The stream that `group` sees, of that which the group before has left.
  func stream(before group: Int, _ stream: Tensor, global: Tensor) throws -> Tensor
  /// Mean and log deviation side by side, `[N, 2 c, h, w]`.
  func prior(_ group: Int, _ stream: Tensor) throws -> Tensor
  /// The same for what x adds: a shift in prior deviations, and the log ratio of deviations.
  func posterior(_ group: Int, _ stream: Tensor, _ encoded: Tensor) throws -> Tensor
  func absorbed(_ group: Int, _ stream: Tensor, _ latents: Tensor) throws -> Tensor
  /// Parameters of `DiscretizedLogisticMixture` for each pixel.
  func decoded(_ stream: Tensor) throws -> Tensor
}

/// P(x | y) = ∫ P(x | z, y) P(z | y) dz, with z in groups from coarse to fine and an encoder that guesses them (Sønderby et
/// al. 2016, "Ladder variational autoencoders"; Vahdat & Kautz 2020, "NVAE", section 3.2, for posteriors relative to the
/// prior), with the backbone injected.
///
/// x is `[N, 1, H, W]` with grey level v in v/256 … (v + 1)/256; only the level counts, and the density is constant
/// inside it.
public struct VariationalFamily: Trainable, Sampling, DensityModel, Encoding, Inverting {
  public let sampleShape: [Int]
  /// Draws of z for a density.
  public let importanceSamples: Int
  private let backbone: any LadderBackbone

  public init(sampleShape: [Int], importanceSamples: Int = 16, backbone: any LadderBackbone) {
    self.sampleShape = sampleShape
    self.importanceSamples = importanceSamples
    self.backbone = backbone
  }

  private var dimensions: Double { Double(sampleShape.reduce(1, *)) }

  private func global(_ conditioning: Conditioning, _ count: Int) throws -> Tensor {
    guard let global = conditioning.global, global.shape.first == count else {
      throw TensorError("a variational model of classes wants to be told one for each of \(count) samples")
    }
    return global
  }

  private static func halves(_ both: Tensor) throws -> (Tensor, Tensor) {
    let c = both.shape[1] / 2
    return (try both.narrow(1, start: 0, length: c), try both.narrow(1, start: c, length: c).clamped(-6, 6))
  }

  /// One pass down. `latent` chooses the group's noise of the prior's unit: it is given mean and log deviation of the
  /// posterior in that unit, or none.
  private func descend(
    global: Tensor, encoded: [Tensor]?, latent: (Int, (mean: Tensor, logDeviation: Tensor)?) throws -> Tensor
  ) throws -> Tensor {
    var stream = try backbone.begin(global: global)
    for group in backbone.latentShapes.indices {
      stream = try backbone.stream(before: group, stream, global: global)
      let (mean, logDeviation) = try Self.halves(backbone.prior(group, stream))
      let relative = try encoded.map {
        try Self.halves(backbone.posterior(group, stream, $0[group]))
      }
      let unit = try latent(group, relative.map { (mean: $0.0, logDeviation: $0.1) })
      stream = try backbone.absorbed(group, stream, mean + logDeviation.exp() * unit)
    }
    return try backbone.decoded(stream)
  }

  /// KL(posterior ‖ prior) in closed form and log P(x | z), both `[N]`, of one draw of z.
  private func terms(_ levels: Tensor, _ global: Tensor, noise: BatchNoise) throws -> (
    divergence: Tensor, logLikelihood: Tensor
  ) {
    let encoded = try backbone.encoded(levels)
    var divergence = try Tensor.zeros([levels.shape[0]])
    let parameters = try descend(global: global, encoded: encoded) { group, posterior in
      let (mean, logDeviation) = posterior!
      // The prior is the unit: ½ (m² + s² − 1) − log s.
      let each = try (mean.squared() + (logDeviation * 2).exp() - 1) / 2 - logDeviation
      divergence = try divergence + each.sum([1, 2, 3])
      return try mean + logDeviation.exp()
        * noise.normal(backbone.latentShapes[group], step: group, stream: "latents")
    }
    return (
      divergence, try DiscretizedLogisticMixture.logProbability(levels, parameters).sum([1, 2])
    )
  }

  /// Bits a pixel by the evidence lower bound (Kingma & Welling 2014, equation 3).
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let terms = try terms(AutoregressiveFamily.levels(x), global(conditioning, x.shape[0]), noise: noise)
    return try (terms.divergence - terms.logLikelihood).mean() / (dimensions * log(2))
  }

  /// The importance-weighted bound log mean P(x, z) / Q(z | x) of `importanceSamples` draws (Burda et al. 2016, equation
  /// 8); with its standard error by the spread of the weights.
  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    guard known == nil else { throw TensorError("a variational model cannot sum over missing pixels") }
    return try Autograd.disabled {
      let levels = try AutoregressiveFamily.levels(x)
      let encoded = try backbone.encoded(levels)
      let global = try global(conditioning, x.shape[0])
      let weights = try (0..<importanceSamples).map { draw -> Tensor in
        var ratio = try Tensor.zeros([levels.shape[0]])
        let parameters = try descend(global: global, encoded: encoded) { group, posterior in
          let (mean, logDeviation) = posterior!
          let noise = try noise.normal(
            backbone.latentShapes[group], step: draw * 100 + group, stream: "latents")
          let unit = try mean + logDeviation.exp() * noise
          // log P(z) − log Q(z | x) of normal densities.
          let each = try (noise.squared() - unit.squared()) / 2 + logDeviation
          ratio = try ratio + each.sum([1, 2, 3])
          return unit
        }
        let likelihood = try DiscretizedLogisticMixture.logProbability(levels, parameters).sum([1, 2])
        return try (ratio + likelihood).to(.float64)
      }
      let all = try Tensor.stack(weights, axis: 1)
      let bound = try all.logSumExp(1) - log(Double(importanceSamples)) + dimensions * log(256)
      // Of a mean of weights, relative to it.
      let shares = try all.softmax(1) * Double(importanceSamples)
      let error = try ((shares - 1).squared().mean([1]) / Double(max(1, importanceSamples - 1))).squareRoot()
      return LogDensity(bound, kind: .bound, standardError: error, evaluations: importanceSamples)
    }
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try Autograd.disabled {
      let count = noise.samples.count
      let parameters = try descend(global: global(conditioning, count), encoded: nil) { group, _ in
        try noise.normal(backbone.latentShapes[group], step: group, stream: "latents")
      }
      return try drawn(parameters, noise)
    }
  }

  /// A level for each pixel, in the middle of its interval.
  private func drawn(_ parameters: Tensor, _ noise: BatchNoise) throws -> Tensor {
    let (count, m) = (parameters.shape[0], parameters.shape[1])
    let pixels = sampleShape.reduce(1, *)
    let rows = try parameters.permuted([0, 2, 3, 1]).contiguous().floats()
    var levels = [Float](repeating: 0, count: count * pixels)
    rows.withUnsafeBufferPointer { rows in
      for row in 0..<count {
        let uniforms = noise.row(row, stream: "pixels").uniform(count: 2 * pixels)
        for pixel in 0..<pixels {
          let start = (row * pixels + pixel) * m
          let level = DiscretizedLogisticMixture.draw(
            UnsafeBufferPointer(rebasing: rows[start..<start + m]),
            (uniforms[2 * pixel], uniforms[2 * pixel + 1]))
          levels[row * pixels + pixel] = (Float(level) + 0.5) / 256
        }
      }
    }
    return try Tensor(levels, shape: [count] + sampleShape)
  }

  /// The posterior means of the first group, in the prior's unit, where y is what `conditioning` says.
  public func embed(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try invert(x, given: conditioning).narrow(
      1, start: 0, length: backbone.latentShapes[0].reduce(1, *))
  }

  /// The posterior means of all latent numbers, in the unit of their priors: the middle of what x may have come from.
  public func invert(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      var parts: [Tensor] = []
      let count = x.shape[0]
      _ = try descend(
        global: global(conditioning, count), encoded: backbone.encoded(AutoregressiveFamily.levels(x))
      ) { _, posterior in
        parts.append(try posterior!.mean.reshaped([count, -1]))
        return posterior!.mean
      }
      return try Tensor.cat(parts, axis: 1)
    }
  }

  /// The most probable component's mean of each pixel.
  public func generate(_ z: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      var start = 0
      let count = z.shape[0]
      let parameters = try descend(global: global(conditioning, count), encoded: nil) { group, _ in
        let shape = backbone.latentShapes[group]
        let size = shape.reduce(1, *)
        defer { start += size }
        return try z.narrow(1, start: start, length: size).to(.float32).reshaped([count] + shape)
      }
      let m = parameters.shape[1] / 3
      let best = try parameters.narrow(1, start: 0, length: m).argmax(1).unsqueezed(1)
      let means = try parameters.narrow(1, start: m, length: m).gather(1, best)
      return try (((means.clamped(-1, 1) + 1) * 127.5).rounded() + 0.5) / 256
    }
  }
}
