internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import MediaTensors
public import PipelineCore
internal import Torch

extension SuperResolution: ScoringTask {
  public func options(of verb: Verb) -> [OptionDescription] {
    verb == .score
      ? [
        UpscaleStage.modelOption,
        .text("low", help: "the low-resolution picture that the input is given"),
        .text("high", default: "", help: "the high-resolution picture, where no input stands by itself"),
      ] : []
  }

  public func inputOption(of verb: Verb) -> String? { verb == .score ? "high" : nil }

  /// log P(high | low) of a picture's levels, 0…255, in nats.
  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let entry = try specification.model(named: request.options.text("model"))
    let weights = try ScaleWeights(entry)
    guard weights.mean != nil else {
      throw PipelineError.usage(
        "model '\(entry.name)' gives one picture and no density; a posterior would be right")
    }
    let lowName = request.options.text("low")
    let high = try Image(decoding: request.input, name: request.name)
    let low = try Image(decoding: FileBytes.read(URL(fileURLWithPath: lowName)), name: lowName)
    let scale = weights.own
    for (image, name) in [(high, request.name), (low, lowName)]
    where image.channels != .rgb || image.bitDepth != 8 {
      throw PipelineError.data(
        "\(name) is \(image.channels) of \(image.bitDepth) bits; what is scored is RGB of 8 bits")
    }
    guard high.width == scale * low.width, high.height == scale * low.height else {
      throw PipelineError.data(
        "\(request.name) is \(high.width)×\(high.height), and \(lowName) is \(low.width)×\(low.height); "
          + "\(low.width * scale)×\(low.height * scale) would be right")
    }
    guard high.width * high.height <= PosteriorScore.mostPixels else {
      throw PipelineError.data(
        "\(request.name) has \(high.width * high.height) pixels; at most \(PosteriorScore.mostPixels) are scored at once, "
          + "so a part of it would be right")
    }
    let score = try ChunkRunner.single {
      try PosteriorScore(
        PosteriorDrawing(entry, weights, scale: scale, device: .cpu), low: low.tensor(), high: high.tensor(),
        request.context)
    }
    let dimensions = 3 * high.width * high.height
    return ScoreReport(
      input: request.name, model: entry.name, condition: lowName, nats: score.nats,
      bitsPerDimension: -score.nats / (Double(dimensions) * log(2)), dimensions: dimensions,
      kind: DensityKind.estimate.rawValue, standardError: score.standardError, evaluations: score.evaluations)
  }
}

/// How plausible a high-resolution picture is given a low one: the density of its variables, the part on the colour line by the
/// diffusion's flow, what lies across in closed form, over the volume that a variable takes of the picture's values.
///
/// It is that of draws before these are made to agree with the low picture, whose levels are spread evenly.
struct PosteriorScore {
  let nats: Double
  let standardError: Double
  let evaluations: Int

  /// The flow is followed over the whole picture with what it takes to go back: about 1 kB a pixel and direction.
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
