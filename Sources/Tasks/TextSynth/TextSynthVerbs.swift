internal import Families
internal import Foundation
public import PipelineCore
internal import Torch
internal import TorchNN

extension TextSynth: ScoringTask, ClassifyingTask, CompletingTask, EmbeddingTask {
  public func options(of verb: Verb) -> [OptionDescription] {
    let weights = [Self.modelOption, Self.weightsOption]
    let style = OptionDescription.text("style", default: "", help: "the style; summed over P(y) unless given")
    return switch verb {
    case .score: weights + [style]
    case .classify:
      weights + [
        .number(
          "abstain-below", in: 0...1, default: 0.01,
          help: "abstain when so small a share of held-out pieces is as hard to explain")
      ]
    case .complete:
      weights + [
        .text("style", default: "", help: "the style; drawn from what the text says of it unless given"),
        .text("gap", default: "[...]", help: "what stands in the text where some of it is missing"),
        .integer("length", in: 1...100, default: 40, help: "most bytes that are missing"),
        .integer(
          "particles", in: 1...10_000, default: 64, help: "texts that a draw is chosen among, at each length"),
        .integer(
          "seed", in: 0...Int.max, default: 0, help: "the seed; sample i of a seed is always the same"),
        .integer("count", in: 1...1000, default: 1, help: "how many draws"),
      ]
    case .embed: weights
    default: []
    }
  }

  /// Exact, whatever the text's length: see `ByteWindow` for what each byte is told by.
  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let (name, model, _) = try TextModel.chosen(request.options, specification)
    let style = try model.style(request.options.text("style"))
    let text = try Texts.valid(request.input, name: request.name)
    let score = try TextScore(
      text, model, styles: style.map { [$0] } ?? Array(model.description.styles.indices),
      context: request.context)
    let nats = score.total
    return ScoreReport(
      input: request.name, model: name, condition: style.map { model.description.styles[$0] }, nats: nats,
      bitsPerDimension: -nats / (Double(text.count) * log(2)), dimensions: text.count,
      kind: DensityKind.exact.rawValue, unit: "byte")
  }

  public func classify(_ request: InferenceRequest, _ specification: Specification) throws
    -> ClassificationReport
  {
    let (name, model, _) = try TextModel.chosen(request.options, specification)
    let text = try Texts.valid(request.input, name: request.name)
    let score = try TextScore(
      text, model, styles: Array(model.description.styles.indices), context: request.context)
    let typicality = model.description.typicality(of: score, bytes: text.count)
    return ClassificationReport(
      input: request.name, model: name,
      posterior: zip(model.description.styles, score.posterior).map { .init(name: $0, probability: $1) },
      typicality: typicality,
      abstains: typicality.map { $0 < request.options.number("abstain-below") } ?? false)
  }

  /// The text with its gap filled by draws from P(missing | before, behind, style).
  public func complete(_ request: InferenceRequest, _ specification: Specification) throws -> DrawnFiles {
    let (options, (_, model, _)) = (request.options, try TextModel.chosen(request.options, specification))
    let text = try Texts.valid(request.input, name: request.name)
    let filling = try TextFilling(
      model, text, gap: Array(options.text("gap").utf8), name: request.name,
      style: model.style(options.text("style")), length: options.integer("length"),
      particles: options.integer("particles"), seed: UInt64(options.integer("seed")))
    let progress = request.context.startProgress("complete", total: options.integer("count"), unit: "draws")
    defer { progress.finish() }
    let draws = try (0..<options.integer("count")).map { index in
      let draw = try filling.draw(index, context: request.context)
      progress.log(
        String(
          format: "pipeline: draw %d: chosen among %d texts, as good as %.1f of the right weight", index,
          draw.candidates, draw.effectiveSampleSize))
      progress.advance()
      return (index: index, data: Data(draw.text))
    }
    let texts = DrawnTexts(
      single: draws.map { draw in
        (index: draw.index, text: TextStream { try $0(String(decoding: draw.data, as: UTF8.self)) })
      })
    return DrawnFiles(single: draws, together: Data(try texts.together.text().utf8))
  }

  /// What the scores are made of, on average over the text's bytes, and over styles by how probable each is.
  public func embed(_ request: InferenceRequest, _ specification: Specification) throws -> [Float] {
    let (_, model, _) = try TextModel.chosen(request.options, specification)
    let text = try Texts.valid(request.input, name: request.name)
    let score = try TextScore(
      text, model, styles: Array(model.description.styles.indices), context: request.context)
    var mean = [Float](repeating: 0, count: model.description.network.width)
    for (style, share) in score.posterior.enumerated() where share > 1e-6 {
      try request.context.checkCancelled()
      let factor = Float(share) / Float(text.count)
      model.window(style).states(text) { state in
        for index in mean.indices { mean[index] += factor * state[index] }
      }
    }
    return mean
  }
}
