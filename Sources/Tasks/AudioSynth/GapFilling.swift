internal import Conditioners
internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import StepInference
internal import Torch

/// Draws what is missing of a recording from P(missing | what is before, what follows, word, voice).
///
/// Of many continuations of what is before, one is taken with a probability that is proportional to that of what follows
/// it: sampling importance resampling (Rubin 1988), right as their number grows.
struct GapFilling {
  let model: WordsModel
  let levels: [UInt8]
  /// Samples that are missing.
  let gap: Range<Int>
  let particles: Int
  private let steps: DilatedSteps

  /// - Throws: `PipelineError` of kind `.usage` for a gap that is not inside the recording.
  init(_ model: WordsModel, _ levels: [UInt8], from: Double, to: Double, particles: Int) throws {
    let rate = Double(model.description.sampleRate)
    let seconds = Double(levels.count) / rate
    guard from < to, from < seconds else {
      throw PipelineError.usage(
        "the gap from \(from) to \(to) s is not inside the recording, which is \(String(format: "%.2f", seconds)) s long"
      )
    }
    (self.model, self.levels, self.particles) = (model, levels, particles)
    gap = Int(from * rate)..<min(levels.count, max(Int(from * rate) + 1, Int(to * rate)))
    steps = try model.steps("int8")
  }

  private var frames: Int { (levels.count + model.hop - 1) / model.hop }

  private func conditions(_ word: Int, _ voice: Int) throws -> [Float] {
    try ChunkRunner.single {
      try steps.conditions(model.conditioner.frames(word: word, voice: voice, count: frames))
    }
  }

  /// P(word, voice | what is before the gap and behind it, the length) of the pairs, all alike before; estimated by one
  /// continuation of each.
  func posterior(_ pairs: [(word: Int, voice: Int)], seed: UInt64, workers: Int) throws -> [Double] {
    let nats = try ChunkRunner(workers: workers).map(pairs.count) { index -> Double in
      try Interrupt.check()
      let (word, voice) = pairs[index]
      let (conditions, stepper, before) = try start(word, voice)
      let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "posterior")
      return before + continued(stepper, conditions, noise).nats
        + model.description.lengths[word][voice].logDensity(frames: frames)
    }
    return nats.softmax
  }

  /// Draw `index` of the whole recording.
  func draw(word: Int, voice: Int, seed: UInt64, index: Int) throws -> [UInt8] {
    let (conditions, before, _) = try start(word, voice)
    let drawn = (0..<particles).map { particle in
      continued(
        before.copy(), conditions,
        KeyedNoise(seed: seed, sample: UInt64(index), step: UInt64(particle), stream: "gap"))
    }
    let most = drawn.map(\.nats).max() ?? 0
    let choice = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "choice")
      .category(drawn.map { exp($0.nats - most) })
    return Array(levels[..<gap.lowerBound]) + drawn[choice].levels + Array(levels[gap.upperBound...])
  }

  /// A stream that has heard what is before the gap, and log P of that.
  private func start(_ word: Int, _ voice: Int) throws -> (SampledConditions, DilatedStepper, nats: Double) {
    let conditions = SampledConditions(try conditions(word, voice), hop: model.hop, frames: frames)
    let stepper = DilatedStepper(steps, silence: MuLaw.silence)
    return (conditions, stepper, stepper.follow(conditions, Array(levels[..<gap.lowerBound]), from: 0))
  }

  /// The gap's samples, and log P of what follows them.
  private func continued(_ stepper: DilatedStepper, _ conditions: SampledConditions, _ noise: KeyedNoise) -> (
    levels: [UInt8], nats: Double
  ) {
    let drawn = stepper.draw(conditions, uniforms: noise.uniform(count: gap.count), from: gap.lowerBound)
    return (drawn, stepper.follow(conditions, Array(levels[gap.upperBound...]), from: gap.upperBound))
  }
}

/// Conditions of frames, by samples.
private struct SampledConditions {
  let all: [Float]
  let hop: Int
  let perFrame: Int

  init(_ all: [Float], hop: Int, frames: Int) {
    (self.all, self.hop) = (all, hop)
    perFrame = all.count / max(1, frames)
  }

  /// The parts of `range` that lie in one frame each.
  func parts(_ range: Range<Int>) -> [(samples: Range<Int>, conditions: ArraySlice<Float>)] {
    var parts: [(Range<Int>, ArraySlice<Float>)] = []
    var place = range.lowerBound
    while place < range.upperBound {
      let frame = place / hop
      let end = min(range.upperBound, (frame + 1) * hop)
      parts.append((place..<end, all[frame * perFrame..<(frame + 1) * perFrame]))
      place = end
    }
    return parts
  }
}

extension DilatedStepper {
  /// Goes through samples, the first of which is number `first`.
  /// - Returns: log P of all together, in nats.
  fileprivate func follow(_ conditions: SampledConditions, _ levels: [UInt8], from first: Int) -> Double {
    conditions.parts(first..<first + levels.count).reduce(0.0) { sum, part in
      let some = Array(levels[part.samples.lowerBound - first..<part.samples.upperBound - first])
      return sum + score(part.conditions, levels: some).reduce(0, +)
    }
  }

  /// Draws a sample for each uniform, the first of which is number `first`.
  fileprivate func draw(_ conditions: SampledConditions, uniforms: [Float], from first: Int) -> [UInt8] {
    conditions.parts(first..<first + uniforms.count).flatMap { part in
      draw(
        part.conditions,
        uniforms: Array(uniforms[part.samples.lowerBound - first..<part.samples.upperBound - first]))
    }
  }
}
