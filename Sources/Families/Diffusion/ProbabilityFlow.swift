public import Conditioners
internal import Foundation
public import Torch

/// A diffusion model as a map without randomness between x and noise, along dz/dσ = (z − D(z, σ)) / σ (Song et al. 2021,
/// "Score-based generative modeling through stochastic differential equations", equation 13; Karras et al. 2022,
/// equation 3).
///
/// With u = z / √(1 + σ²) and θ = arctan σ that is du/dθ = −F(u, σ), where F is what the backbone gives: data that are
/// normal do not move at all (Lu & Song 2025, "Simplifying, stabilizing and scaling continuous-time consistency models",
/// section 3).
extension DiffusionFamily: DensityModel, Inverting {
  /// Steps of the densities and inversions, each of two evaluations; a density's evaluation goes back through the network
  /// as well.
  public static let flowSteps = 24
  /// Directions in which a density measures the divergence.
  public static let probes = 2

  /// Nats by following x to noise and adding up the flow's divergence, measured along random directions (Hutchinson
  /// 1989; Grathwohl et al. 2019, "FFJORD", equation 8), with the standard error that these leave.
  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws
    -> LogDensity
  {
    guard known == nil else { throw TensorError("a diffusion model cannot sum over missing pixels") }
    let count = x.shape[0]
    let dimensions = Double(sampleShape.reduce(1, *))
    let directions = try (0..<Self.probes).map { probe in
      // Signs have less variance than normal numbers.
      let uniform = try noise.uniform(sampleShape, step: probe, stream: "directions")
      return try (uniform * 2).floored() * 2 - 1
    }
    var divergences = try Tensor.zeros([Self.probes, count], .float64)
    let end = try follow(
      start(x), levels: ascending, given: conditioning,
      slope: { z, sigma, given in
        let along: @Sendable (Int) throws -> (slope: Tensor, divergence: Tensor) = { probe in
          try Autograd.with(enabled: true) {
            let z = try z.detached().requiresGradient(true)
            let slope = try self.slope(z, sigma, given)
            let back = try Autograd.gradients(of: (slope * directions[probe]).sum(), [z])[0]
            return try Autograd.disabled {
              (try slope.detached(), try (back * directions[probe]).sum([1, 2, 3]).to(.float64))
            }
          }
        }
        // Directions are evaluations of their own, so that a second core has something to do for a single large x.
        let each =
          try
          (threads > 1
          ? ChunkRunner(workers: Self.probes, recordsGradients: true).map(Self.probes, along)
          : (0..<Self.probes).map(along))
        return (each[0].slope, try .stack(each.map(\.divergence)))
      },
      record: { parts, weight in divergences = try divergences + parts * weight })
    return try Autograd.disabled {
      // At the end u is normal with variance 1.
      let squares = try end.to(.float64).squared().sum([1, 2, 3])
      let base = try squares * -0.5 - dimensions / 2 * log(2 * .pi)
      let mean = try divergences.mean([0])
      let probes = Double(Self.probes)
      let spread = try (divergences - mean).squared().sum([0]) / (max(1, probes - 1) * probes)
      let error = try spread.squareRoot()
      return LogDensity(
        try base + mean - dimensions * log(configuration.deviation * shrinkage), kind: .estimate,
        standardError: error,
        evaluations: 2 * Self.flowSteps)
    }
  }

  /// σ from small to large: even steps of θ^⅓, which are small where pictures take shape.
  private var ascending: [Double] {
    let (low, high) = (cbrt(atan(flowRange.smallest)), cbrt(atan(flowRange.largest)))
    return (0...Self.flowSteps).map {
      tan(pow(low + (high - low) * Double($0) / Double(Self.flowSteps), 3))
    }
  }

  /// √(1 + σ²) at the smallest σ.
  private var shrinkage: Double {
    (1 + flowRange.smallest * flowRange.smallest).squareRoot()
  }

  private func start(_ x: Tensor) throws -> Tensor {
    try (x - configuration.mean) / (configuration.deviation * shrinkage)
  }

  /// −F.
  private func slope(_ u: Tensor, _ sigma: Double, _ given: Conditioning) throws -> Tensor {
    let time = try Tensor.full([u.shape[0]], log(sigma) / 4)
    return try -backbone(u, time, given)
  }

  /// Heun's method along θ. `slope` gives the slope and what else is to be integrated, `record` adds the latter
  /// up.
  private func follow<Extra>(
    _ start: Tensor, levels: [Double], given conditioning: Conditioning,
    slope: (Tensor, Double, Conditioning) throws -> (Tensor, Extra),
    record: (Extra, Double) throws -> Void
  ) throws -> Tensor {
    var z = start
    for (from, to) in zip(levels, levels.dropFirst()) {
      let step = atan(to) - atan(from)
      let (first, extra) = try slope(z, from, conditioning)
      let (second, other) = try slope(z + first * step, to, conditioning)
      z = try z + (first + second) * (step / 2)
      try record(extra, step / 2)
      try record(other, step / 2)
    }
    return z
  }

  /// The noise that x comes from, of deviation about 1: `[N, D]`.
  public func invert(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      try follow(
        start(x), levels: ascending, given: conditioning, slope: { (try self.slope($0, $1, $2), ()) },
        record: { _, _ in }
      ).reshaped([x.shape[0], -1])
    }
  }

  public func generate(_ z: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      let end = try follow(
        z.to(.float32).reshaped([z.shape[0]] + sampleShape), levels: ascending.reversed(),
        given: conditioning, slope: { (try self.slope($0, $1, $2), ()) }, record: { _, _ in })
      return try end * (configuration.deviation * shrinkage) + configuration.mean
    }
  }
}
