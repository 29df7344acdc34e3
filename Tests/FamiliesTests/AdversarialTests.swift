import Conditioners
import Families
import Foundation
import TestSupport
import Testing
import Torch

struct AdversarialTests {
  /// x = a z + b against D(x) = c x + d x²: small enough for every gradient to be written down.
  private struct Toy {
    let generator: Tensor
    let discriminator: Tensor

    init() throws {
      generator = try Tensor([0.5, 0.2] as [Float], shape: [2]).requiresGradient(true)
      discriminator = try Tensor([0.7, -0.3] as [Float], shape: [2]).requiresGradient(true)
    }

    func family(_ objective: AdversarialObjective, penalty: Double) -> AdversarialFamily {
      let (g, d) = (generator, discriminator)
      return AdversarialFamily(
        .init(objective: objective, penalty: penalty), latents: 1,
        generator: { z, _ in
          try (z * g.narrow(0, start: 0, length: 1) + g.narrow(0, start: 1, length: 1)).reshaped([
            -1, 1, 1, 1,
          ])
        },
        discriminator: { x, _ in
          let flat = try x.reshaped([-1])
          return try flat * d.narrow(0, start: 0, length: 1) + flat.squared()
            * d.narrow(0, start: 1, length: 1)
        })
    }
  }

  /// The one loss moves the discriminator by its own gradient and the generator by the gradient of *its* loss.
  @Test(arguments: AdversarialObjective.allCases) func eachPlayerFollowsItsOwnLoss(
    _ objective: AdversarialObjective
  ) throws {
    let toy = try Toy()
    let count = 6
    let noise = BatchNoise(seed: 1, first: 0, count: count)
    let x = try Tensor.noise([count, 1, 1, 1], seed: 2)
    let given = Conditioning(global: try Tensor([Float](repeating: 1, count: count), shape: [count, 1]))
    let family = toy.family(objective, penalty: 0)
    let gradients = try Autograd.with(enabled: true) {
      try Autograd.gradients(
        of: family.loss(x, given: given, noise: noise), [toy.generator, toy.discriminator])
    }
    let z = try noise.normal([1], stream: "latents")
    let expected = try Autograd.with(enabled: true) {
      let other = try Toy()
      func score(_ x: Tensor, _ d: Tensor) throws -> Tensor {
        try x * d.narrow(0, start: 0, length: 1) + x.squared() * d.narrow(0, start: 1, length: 1)
      }
      let drawn = try
        (z * other.generator.narrow(0, start: 0, length: 1) + other.generator.narrow(0, start: 1, length: 1))
        .reshaped([-1])
      let own = try objective.generator(score(drawn, other.discriminator.detached())).mean()
      let game = try
        (objective.fake(score(drawn.detached(), other.discriminator))
        - objective.real(score(x.reshaped([-1]), other.discriminator))).mean()
      return (
        try Autograd.gradients(of: own, [other.generator])[0],
        try Autograd.gradients(of: game, [other.discriminator])[0]
      )
    }
    #expect(try largestDifference(gradients[0], expected.0) < 1e-6)
    #expect(try largestDifference(gradients[1], expected.1) < 1e-5)
  }

  /// Relative: data have to look more real than draws do on average, and draws than data; written down for D(x) = c x + d x².
  @Test func eachPlayerComparesItselfWithTheOther() throws {
    let toy = try Toy()
    let count = 6
    let noise = BatchNoise(seed: 1, first: 0, count: count)
    let x = try Tensor.noise([count, 1, 1, 1], seed: 2)
    var family = toy.family(.jensenShannon, penalty: 0)
    family.isRelative = true
    let gradients = try Autograd.with(enabled: true) {
      try Autograd.gradients(
        of: family.loss(x, given: .none, noise: noise), [toy.generator, toy.discriminator])
    }
    let z = try noise.normal([1], stream: "latents")
    let expected = try Autograd.with(enabled: true) {
      let other = try Toy()
      func score(_ x: Tensor, _ d: Tensor) throws -> Tensor {
        try x * d.narrow(0, start: 0, length: 1) + x.squared() * d.narrow(0, start: 1, length: 1)
      }
      /// −log σ(a − E b) − log(1 − σ(b − E a)).
      func loss(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        try ((b.mean() - a).softplus() + (b - a.mean()).softplus()).mean()
      }
      let drawn = try
        (z * other.generator.narrow(0, start: 0, length: 1) + other.generator.narrow(0, start: 1, length: 1))
        .reshaped([-1])
      let (fixed, data) = (try other.discriminator.detached(), try x.reshaped([-1]))
      let own = try loss(score(drawn, fixed), score(data, fixed))
      let game = try loss(score(data, other.discriminator), score(drawn.detached(), other.discriminator))
      return (
        try Autograd.gradients(of: own, [other.generator])[0],
        try Autograd.gradients(of: game, [other.discriminator])[0]
      )
    }
    #expect(try largestDifference(gradients[0], expected.0) < 1e-6)
    #expect(try largestDifference(gradients[1], expected.1) < 1e-5)
  }

  /// The generator's gradient is that of the distance plus the adversarial one, made `share` times as long with respect to x.
  @Test func distanceAndObjectionAreBalanced() throws {
    let count = 6
    let noise = BatchNoise(seed: 1, first: 0, count: count)
    let x = try Tensor.noise([count, 1, 1, 1], seed: 2)
    func gradient(_ share: Double?) throws -> [Float] {
      let toy = try Toy()
      var family = toy.family(.wasserstein, penalty: 0)
      if let share { family.nearness = ({ drawn, x, _, _ in try (drawn - x).squared().mean() * 100 }, share) }
      return try Autograd.with(enabled: true) {
        try Autograd.gradients(of: family.loss(x, given: .none, noise: noise), [toy.generator])[0].floats()
      }
    }
    let (alone, distance) = (try gradient(nil), try gradient(0))
    let (half, whole) = (try gradient(0.5), try gradient(1))
    for index in 0..<2 {
      // The objection enters in proportion to its share, along its own direction.
      #expect(abs((whole[index] - distance[index]) - 2 * (half[index] - distance[index])) < 1e-3)
    }
    let factors = (0..<2).map { (whole[$0] - distance[$0]) / alone[$0] }
    #expect(factors[0] > 0 && abs(factors[0] / factors[1] - 1) < 1e-3)
  }

  /// γ/2 E |∇ₓ D|² on data and on draws: for D = c x it is γ c² in all.
  @Test func penaltyIsTheSquaredSlope() throws {
    let count = 4000
    let noise = BatchNoise(seed: 1, first: 0, count: count)
    let x = try Tensor.noise([count, 1, 1, 1], seed: 2)
    let given = Conditioning(global: try Tensor([Float](repeating: 1, count: count), shape: [count, 1]))
    func loss(_ penalty: Double) throws -> Double {
      let family = AdversarialFamily(
        .init(objective: .wasserstein, penalty: penalty), latents: 1,
        generator: { z, _ in try z.reshaped([-1, 1, 1, 1]).requiresGradient(true) },
        discriminator: { x, _ in try x.reshaped([-1]) * 0.6 })
      return try Autograd.with(enabled: true) { try family.loss(x, given: given, noise: noise).scalar() }
    }
    #expect(try abs(loss(2) - loss(0) - 2 * 0.36) < 0.05)
  }

  /// With the best discriminator, f-GAN's value is the divergence itself: here of N(0, 1) from N(1, 1), whose log ratio is
  /// ½ − x.
  @Test func valuesAreDivergences() throws {
    let p = try Tensor.noise([200_000], seed: 5)
    let q = try Tensor.noise([200_000], seed: 6) + 1
    func value(_ objective: AdversarialObjective, _ best: (Tensor) throws -> Tensor) throws -> Double {
      try (objective.real(best(p)).mean() - objective.fake(best(q)).mean()).scalar()
    }
    func logRatio(_ x: Tensor) throws -> Tensor { try 0.5 - x }
    // KL: T = 1 + log p/q; the divergence is ½.
    #expect(try abs(value(.kullbackLeibler) { try logRatio($0) + 1 } - 0.5) < 0.03)
    // Reverse KL: T = −q/p = −exp(−v), v = log p/q.
    #expect(try abs(value(.reverseKullbackLeibler) { try logRatio($0) } - 0.5) < 0.03)
    // Pearson: T = 2 (p/q − 1); the divergence is e − 1.
    #expect(try abs(value(.pearson) { try (logRatio($0).exp() - 1) * 2 } - (exp(1) - 1)) < 0.15)
    // The GAN's: v = log p/q; 2 JS − log 4.
    let game = try value(.jensenShannon) { try logRatio($0) }
    #expect(game > -log(4) && game < -log(4) + 0.5)
  }
}
