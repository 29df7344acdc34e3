internal import Conditioners
internal import Foundation
internal import StepInference
internal import Torch

extension AutoregressiveFamily {
  /// For each sample a picture drawn from P(x | known part, y), and an estimate of log P(known part | y) in nats, by a
  /// particle filter (Gordon, Salmond & Smith 1993): pictures are drawn side by side, are weighted by how well they
  /// foretell the known pixels, and the better ones are copied over the worse.
  func filtered(_ x: Tensor, known: Tensor, given conditioning: Conditioning, noise: BatchNoise)
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
      let shares = weights.softmax
      // Effective number of particles (Kong, Liu & Wong 1994).
      let effective = 1 / shares.reduce(0) { $0 + $1 * $1 }
      if effective < Double(particles) / 2, !stepper.isAtEnd {
        total += weights.logSumExp - log(Double(particles))
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
    total += weights.logSumExp - log(Double(particles))
    let chosen = noise("choice", 0).category(weights.softmax)
    return (pictures[chosen], total)
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
}
