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
