internal import Conditioners
internal import Families
internal import Foundation
internal import PipelineCore
internal import Torch

/// How plausible a high-resolution picture is given a low one: the density of its variables, the part on the colour line by the
/// diffusion's flow, what lies across in closed form, over the volume that a variable takes of the picture's values.
///
/// It is that of draws before these are made to agree with the low picture, whose levels are spread evenly.
struct PosteriorScore {
  let nats: Double
  let standardError: Double
  let evaluations: Int

  /// The flow is followed over the whole picture with what it takes to go back: about 1 kB a pixel.
  static let mostPixels = 1 << 20

  /// - Parameters:
  ///   - low: `[3, h, w]` over 0…1.
  ///   - high: `[3, h · scale, w · scale]`, whole levels over 0…1.
  init(_ drawing: PosteriorDrawing, low: Tensor, high: Tensor, _ context: StageContext) throws {
    let (height, width) = (low.shape[1], low.shape[2])
    let evaluations = 2 * DiffusionFamily.flowSteps
    let progress = context.startProgress(
      "score", total: evaluations * DiffusionFamily.probes, unit: "evaluations")
    defer { progress.finish() }
    let noise = BatchNoise(seed: 0, first: 0, count: 1)
    let x = try high.unsqueezed(0) + (noise.uniform(high.shape, stream: "dequantization") - 0.5) / 255
    let space = try drawing.space(of: low, workers: context.workers)
    var family = drawing.model.family(
      height: height, width: width,
      afterEvaluation: {
        progress.advance()
        try context.checkCancelled()
      })
    family.threads = 2
    let along = try family.logDensity(
      space.variable(of: x), known: nil, given: space.conditioning, noise: noise)
    let across = try space.variableAcross(of: x)
    let tails = drawing.model.description.tails
    let nats = try across.squared().sum([1]).contiguous().floats().reduce(0) {
      $0 + tails.logDensity(square: Double($1), dimensions: across.shape[1])
    }
    let perLevel = Double(high.shape.reduce(1, *)) * log(255)
    self.nats = try along.values.elements(Double.self)[0] + nats - space.logVolume() - perLevel
    standardError = try along.standardError?.elements(Double.self)[0] ?? 0
    self.evaluations = evaluations
  }
}
