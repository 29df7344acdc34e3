internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import ModelEvaluation
public import PipelineCore
internal import Torch

extension TextToImage: ScoringTask, ClassifyingTask, DescribingTask, CompletingTask, EmbeddingTask {
  public func options(of verb: Verb) -> [OptionDescription] {
    let model = DrawCaptionStage.modelOption
    let caption = OptionDescription.text(
      "caption", default: "", help: "what the picture is said to show; nothing unless given")
    let abstain = OptionDescription.number(
      "abstain-below", in: 0...1, default: 0.01,
      help: "abstain when so small a share of held-out pictures is as unusual")
    let levels = OptionDescription.integer(
      "levels", in: 4...1000, default: CaptionEvidence.levels, help: "of noise at which captions are compared"
    )
    return switch verb {
    case .score: [model, caption]
    case .classify:
      [
        model, .text("captions", default: "", help: "the captions to choose from, one a line"), levels,
        abstain,
      ]
    case .describe:
      [
        model,
        .integer("candidates", in: 1...200, default: 16, help: "descriptions that are compared"), levels,
        abstain,
      ]
    case .complete:
      [
        model, caption,
        .text(
          "mask", default: "",
          help: "a picture, white where pixels are missing; transparent pixels are as well"),
        .integer("seed", in: 0...Int.max, default: 0, help: "the seed"),
        .integer("count", in: 1...1000, default: 1, help: "how many draws"),
        .number(
          "guidance", in: -1...30, default: -1, help: "above 1: closer to the caption; -1 for the model's own"
        ),
        .integer("size", in: 32...1024, default: 64, help: "pixels of a picture's width and height"),
      ]
    case .embed: [model]
    default: []
    }
  }

  public func wordsOption(of verb: Verb) -> String? {
    switch verb {
    case .score, .complete: "caption"
    case .classify: "captions"
    default: nil
    }
  }

  private static func model(_ request: InferenceRequest, _ specification: Specification) throws -> (
    entry: Specification.Model, model: CaptionModel
  ) {
    let entry = try specification.model(named: request.options.text("model"))
    return (entry, try CaptionModel(contentsOf: entry.weights))
  }

  /// The caption, after its notices went to standard error; nil where there is none.
  private static func caption(_ text: String, _ request: InferenceRequest, _ model: CaptionModel) throws
    -> AskedCaption?
  {
    guard let lines = AskedCaption.lines(of: text) else { return nil }
    guard lines.count == 1 else {
      throw PipelineError.usage("\(lines.count) captions are given; one would be right")
    }
    let caption = AskedCaption(lines[0], for: model.description)
    notify([caption], request)
    return caption
  }

  private static func notify(_ captions: [AskedCaption], _ request: InferenceRequest) {
    let progress = request.context.startProgress("captions", total: nil, unit: "")
    defer { progress.finish() }
    for notice in captions.flatMap(\.notices).prefix(20) { progress.log("pipeline: \(notice)") }
  }

  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let (entry, model) = try Self.model(request, specification)
    let caption = try Self.caption(request.options.text("caption"), request, model)
    let (x, known) = try Self.pixels(request, model)
    try Self.checkWhole(known, request)
    let density = try ChunkRunner.single { () -> LogDensity in
      let noise = BatchNoise(seed: 0, first: 0, count: 1)
      return try model.family.logDensity(
        PictureLevels.spread(x.unsqueezed(0), noise: noise), known: nil,
        given: Autograd.disabled { try model.network.told([caption?.words ?? []]) }, noise: noise)
    }
    let dimensions = model.family.sampleShape.reduce(1, *)
    let nats = try density.values.elements(Double.self)[0] - Double(dimensions) * log(256)
    return ScoreReport(
      input: request.name, model: entry.name, condition: caption?.text, nats: nats,
      bitsPerDimension: -nats / (Double(dimensions) * log(2)), dimensions: dimensions,
      kind: density.kind.rawValue, standardError: try density.standardError?.elements(Double.self)[0],
      evaluations: density.evaluations)
  }

  public func classify(_ request: InferenceRequest, _ specification: Specification) throws
    -> ClassificationReport
  {
    let (entry, model) = try Self.model(request, specification)
    guard let lines = AskedCaption.lines(of: request.options.text("captions")) else {
      throw PipelineError.usage(
        "classify text-to-image chooses from captions; two or more behind the picture would be right: "
          + "in.png \"a red circle\" \"a blue star\"")
    }
    guard Set(lines).count == lines.count, (2...1000).contains(lines.count) else {
      throw PipelineError.usage(
        lines.count < 2 || lines.count > 1000
          ? "\(lines.count) captions are given; 2 to 1000 would be right" : "two captions are alike")
    }
    let captions = lines.map { AskedCaption($0, for: model.description) }
    Self.notify(captions, request)
    let (x, known) = try Self.pixels(request, model)
    try Self.checkWhole(known, request)
    let evidence = try CaptionEvidence(model, x, levels: request.options.integer("levels"))(
      captions.map(\.words), workers: request.context.workers)
    return report(request, entry, model, lines, evidence, evidence)
  }

  public func describe(_ request: InferenceRequest, _ specification: Specification) throws
    -> ClassificationReport
  {
    let (entry, model) = try Self.model(request, specification)
    let (x, known) = try Self.pixels(request, model)
    try Self.checkWhole(known, request)
    let (most, levels) = (request.options.integer("candidates"), request.options.integer("levels"))
    let workers = request.context.workers
    if model.description.isOfScenes {
      let reading = try SceneReading(
        x, model, Self.judge(specification), candidates: most, levels: levels, workers: workers)
      return report(
        request, entry, model, reading.scenes.map { SceneCaptions.canonical($0) }, reading.joint,
        reading.evidence)
    }
    let reading = try CaptionReading(
      x, model, Self.matcher(specification), candidates: most, levels: levels, workers: workers)
    return report(request, entry, model, reading.captions, reading.evidence, reading.evidence)
  }

  private func report(
    _ request: InferenceRequest, _ entry: Specification.Model, _ model: CaptionModel, _ names: [String],
    _ joint: [Double], _ evidence: [Double]
  ) -> ClassificationReport {
    let typicality = model.description.typicality.map { $0(evidence.max() ?? 0) }
    return ClassificationReport(
      input: request.name, model: entry.name,
      posterior: zip(names, joint.softmax).map { .init(name: $0, probability: $1) },
      typicality: typicality,
      abstains: typicality.map { $0 < request.options.number("abstain-below") } ?? false)
  }

  /// The network that says what a scene may show.
  static func judge(_ specification: Specification) throws -> SceneJudge {
    try SceneJudge(contentsOf: weights(of: "judge", specification))
  }

  /// The network that says how near other pictures are to captions.
  static func matcher(_ specification: Specification) throws -> CaptionMatcher {
    try CaptionMatcher(contentsOf: weights(of: "matcher", specification))
  }

  private static func weights(of name: String, _ specification: Specification) throws -> URL {
    guard let entry = specification.models.first(where: { $0.name == name }) else {
      throw PipelineError.usage("the specification of text-to-image has no model named '\(name)'")
    }
    return entry.weights
  }

  private static func pixels(_ request: InferenceRequest, _ model: CaptionModel, mask: String = "") throws
    -> (
      x: Tensor, known: Tensor?
    )
  {
    try PictureFile.pixels(
      request.input, request.name, side: model.description.side, channels: model.description.channels,
      mask: mask)
  }

  private static func checkWhole(_ known: Tensor?, _ request: InferenceRequest) throws {
    guard known == nil else {
      throw PipelineError.data("\(request.name) has transparent pixels; a whole picture would be right")
    }
  }

  public func complete(_ request: InferenceRequest, _ specification: Specification) throws -> DrawnFiles {
    let (entry, loaded) = try Self.model(request, specification)
    var sampler = loaded.description.sampler
    if request.options.number("guidance") >= 0 { sampler.guidance = request.options.number("guidance") }
    let model = loaded.drawing(by: sampler)
    let caption = try Self.caption(request.options.text("caption"), request, model)
    let (x, shown) = try Self.pixels(request, model, mask: request.options.text("mask"))
    guard let known = shown else {
      throw PipelineError.usage(
        "\(request.name) has no missing pixels; --mask with a picture that is white where they are would be right"
      )
    }
    let seed = UInt64(request.options.integer("seed"))
    let count = request.options.integer("count")
    let weights = try Digest.sha256(of: entry.weights)
    let size = request.options.integer("size")
    let enlarger = try PictureFile.enlarger(enlarger, side: model.description.side, size: size)
    let progress = request.context.startProgress("complete", total: count, unit: "pictures")
    defer { progress.finish() }
    let pictures = try ChunkRunner(workers: request.context.workers).map(count) { index -> Image in
      try request.context.checkCancelled()
      defer { progress.advance() }
      let noise = BatchNoise(seed: seed, first: index, count: 1)
      let told = try Autograd.disabled { try model.network.told([caption?.words ?? []]) }
      let drawn = try model.family.complete(
        (x.unsqueezed(0) * 255 + 0.5) / 256, known: known.unsqueezed(0), given: told, noise: noise)
      var picture = try PictureFile.image(drawn.select(0, 0), size: size, enlarger, request.context)
      Provenance(
        task: "text-to-image", model: entry.name, weightsSHA256: weights,
        condition: .init(
          inputSHA256: Digest.sha256(request.input),
          values: (caption.map { ["caption": $0.text] } ?? [:])
            .merging(PictureFile.weights(of: enlarger)) { $1 }),
        key: SampleKey(seed: seed, index: index), version: PipelineVersion.current, engine: try .current(),
        options: request.options.texts.merging(["verb": "complete"]) { $1 }
      ).write(to: &picture.metadata)
      return picture
    }
    let files = try pictures.enumerated().map { (index: $0.offset, data: try $0.element.pngData()) }
    var sheet = Image.contactSheet(pictures)
    if pictures.count > 1, let first = pictures.first { sheet.metadata.texts = first.metadata.texts }
    return DrawnFiles(single: files, together: try sheet.pngData())
  }

  /// What the lowest level of the UNet says of a picture; of a text, the mean over what the encoder says of its words.
  public func embed(_ request: InferenceRequest, _ specification: Specification) throws -> [Float] {
    let (_, model) = try Self.model(request, specification)
    if let text = try? String(pipe: request.input, name: request.name) {
      guard let caption = try Self.caption(text, request, model), !caption.words.isEmpty else {
        throw PipelineError.data("\(request.name) holds no caption with known words")
      }
      return try ChunkRunner.single {
        try Autograd.disabled { try model.network.told([caption.words]).global?.select(0, 0).floats() ?? [] }
      }
    }
    let (x, known) = try Self.pixels(request, model)
    try Self.checkWhole(known, request)
    return try ChunkRunner.single {
      try model.family.embed(
        x.unsqueezed(0), given: Autograd.disabled { try model.network.told([[]]) }
      ).select(0, 0).floats()
    }
  }
}
