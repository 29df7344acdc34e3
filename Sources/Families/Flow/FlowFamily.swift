public import Conditioners
internal import Foundation
public import Torch

/// What a flow asks its network.
public protocol FlowBackbone: Sendable {
  /// - Parameters:
  ///   - scale: from fine to coarse.
  ///   - seen: `[B, 4 c, H, W]`: the grid's numbers over −1…1 where they are seen, whether they are black, whether they
  ///     are seen, and which of them are wanted.
  func features(scale: Int, seen: Tensor) throws -> Tensor
  /// Parameters of `LogisticMixture` at each place, less those of its `layout`, `[B, 3 M, H, W]`, of features and `Conditioning.global [B, K]`.
  func parameters(scale: Int, features: Tensor, global: Tensor) throws -> Tensor
}

/// P(x | y) by an invertible map between x and noise: a multi-scale coupling flow (Dinh et al. 2017, "Density estimation
/// using Real NVP") whose couplings are mixtures of logistic distributions (Ho et al. 2019, "Flow++"), with the backbone
/// injected. Each turn of the lattice is a coupling: its numbers are mapped to noise given all that came before.
///
/// x is `[N, 1, H, W]` over 0…1, with uniform noise inside each grey level (Theis et al. 2016).
public struct FlowFamily: Trainable, Sampling, ClassDensityModel, Inverting {
  public let sampleShape: [Int]
  public let lattice: ScaleLattice
  private let backbone: any FlowBackbone

  public init(sampleShape: [Int], lattice: ScaleLattice, backbone: any FlowBackbone) {
    self.sampleShape = sampleShape
    self.lattice = lattice
    self.backbone = backbone
  }

  /// Bits of a grey level.
  public func loss(_ x: Tensor, given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    let nats = try logDensities(x, [global(conditioning)])[0].mean()
    return try 8 - nats / (Double(sampleShape.reduce(1, *)) * log(2))
  }

  private func global(_ conditioning: Conditioning) throws -> Tensor {
    guard let global = conditioning.global else {
      throw TensorError("a flow of classes wants to be told one")
    }
    return global
  }

  /// log p(x | y) for each y of `globals`, `[N]` each; the features are shared.
  private func logDensities(_ x: Tensor, _ globals: [Tensor]) throws -> [Tensor] {
    let count = x.shape[0]
    // u = 2 x − 1 has half the density of x.
    let scale = Double(sampleShape.reduce(1, *)) * log(2)
    var sums = try globals.map { _ in try Tensor.full([count], scale) }
    for (index, (grid, values)) in zip(lattice.grids, try lattice.squeezed(x)).enumerated() {
      let turns = grid.turns.count
      // All turns of a scale at once: a bigger batch is faster.
      let seen = try Tensor.cat(grid.turns.map { try inputs(values, $0.seen, $0.now) }, axis: 0)
      let targets = try Tensor.cat(
        grid.turns.map { try ((values * 2 - 1) * $0.now).sum([1], keepAxes: true) }, axis: 0)
      let wanted = try Tensor.cat(
        grid.turns.map { turn in
          try turn.now.sum([0], keepAxes: true).expanded([count, grid.height, grid.width])
        }, axis: 0)
      let features = try backbone.features(scale: index, seen: seen)
      for (place, global) in globals.enumerated() {
        let repeated = try Tensor.cat([Tensor](repeating: global, count: turns), axis: 0)
        let parameters = try parameters(index, features, repeated)
        let each = try LogisticMixture.logDensity(targets, parameters) * wanted
        sums[place] = try sums[place] + each.sum([1, 2]).reshaped([turns, count]).sum([0])
      }
    }
    return sums
  }

  private func inputs(_ values: Tensor, _ seen: Tensor, _ now: Tensor) throws -> Tensor {
    let black = try 1 - (values * 256).clamped(0, 1).floored()
    let shape = values.shape
    return try Tensor.cat(
      [
        (values * 2 - 1) * seen, black * seen, seen.unsqueezed(0).expanded(shape),
        now.unsqueezed(0).expanded(shape),
      ], axis: 1)
  }

  public func logDensity(_ x: Tensor, known: Tensor?, given conditioning: Conditioning, noise: BatchNoise)
    throws -> LogDensity
  {
    try check(x, known)
    return try Autograd.disabled {
      try LogDensity(logDensities(x, [global(conditioning)])[0].to(.float64), kind: .exact)
    }
  }

  public func classLogDensities(_ x: Tensor, known: Tensor?, classes: Int, noise: BatchNoise) throws -> Tensor
  {
    try check(x, known)
    return try Autograd.disabled {
      let globals = try (0..<classes).map { label in
        try ClassConditioner(classes: (0..<classes).map { "\($0)" })(
          [Int](repeating: label, count: x.shape[0])
        ).global!
      }
      return try Tensor.stack(logDensities(x, globals), axis: 1).to(.float64)
    }
  }

  private func check(_ x: Tensor, _ known: Tensor?) throws {
    guard Array(x.shape.dropFirst()) == sampleShape else {
      throw TensorError("a flow over \(sampleShape) is given \(x.shape)")
    }
    guard known == nil else { throw TensorError("a flow cannot sum over missing pixels") }
  }

  /// Logistic noise, turn by turn from coarse to fine: `[N, D]`.
  public func invert(_ x: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      var parts: [Tensor] = []
      for (index, (grid, values)) in zip(lattice.grids, try lattice.squeezed(x)).enumerated().reversed() {
        for turn in grid.turns {
          let parameters = try parameters(index, values, turn, conditioning)
          let target = try ((values * 2 - 1) * turn.now).sum([1], keepAxes: true)
          let z = try LogisticMixture.forward(target.to(.float64), parameters.to(.float64))
          parts.append(try z.reshaped([x.shape[0], -1]).indexSelect(1, places(turn.now)))
        }
      }
      return try Tensor.cat(parts, axis: 1)
    }
  }

  public func generate(_ z: Tensor, given conditioning: Conditioning) throws -> Tensor {
    try Autograd.disabled {
      let count = z.shape[0]
      var start = 0
      var picture = try Tensor.zeros([count, 1, lattice.grids.last!.height, lattice.grids.last!.width])
      for (index, grid) in lattice.grids.enumerated().reversed() {
        var values = picture
        if grid.channels > 1 {
          values = try Tensor.cat(
            [picture, Tensor.zeros([count, grid.channels - 1, grid.height, grid.width])], axis: 1)
        }
        for turn in grid.turns {
          let places = try places(turn.now)
          let noise = try spread(
            z.narrow(1, start: start, length: places.count), places, [count, 1, grid.height, grid.width])
          start += places.count
          let parameters = try parameters(index, values, turn, conditioning)
          let u = try LogisticMixture.inverse(noise, parameters)
          let x = try ((u + 1) / 2).to(.float32)
          values = try values + x * turn.now
        }
        picture = grid.channels > 1 ? try values.pixelShuffled(2) : values
      }
      return picture
    }
  }

  private func parameters(
    _ scale: Int, _ values: Tensor, _ turn: (seen: Tensor, now: Tensor), _ conditioning: Conditioning
  ) throws -> Tensor {
    let features = try backbone.features(scale: scale, seen: inputs(values, turn.seen, turn.now))
    return try parameters(scale, features, global(conditioning))
  }

  private func parameters(_ scale: Int, _ features: Tensor, _ global: Tensor) throws -> Tensor {
    let changes = try backbone.parameters(scale: scale, features: features, global: global)
    return try changes + LogisticMixture.layout(components: changes.shape[1] / 3)
  }

  /// The places of a turn's numbers on its grid of places, `int64`.
  private func places(_ now: Tensor) throws -> Tensor {
    let flat = try now.sum([0]).floats()
    let places = flat.indices.filter { flat[$0] > 0 }.map(Int64.init)
    return try Tensor(places, shape: [places.count])
  }

  private static let scatter = Operator("aten::index_copy")

  private func spread(_ z: Tensor, _ places: Tensor, _ shape: [Int]) throws -> Tensor {
    let empty = try Tensor.zeros([shape[0], shape[2] * shape[3]], .float64)
    return try Self.scatter([.tensor(empty), .int(1), .tensor(places), .tensor(z.to(.float64))])
      .reshaped(shape)
  }

  public func sample(given conditioning: Conditioning, noise: BatchNoise) throws -> Tensor {
    try Autograd.disabled {
      // Halfway between the generator's numbers, so that neither end has an infinite logit.
      let u = try noise.uniform([sampleShape.reduce(1, *)], stream: "noise").to(.float64) + 0x1p-25
      return try generate(u.log() - (1 - u).log(), given: conditioning)
    }
  }
}
