internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import ModelEvaluation
public import PipelineCore
internal import Torch

extension ClassImage: ScoringTask, ClassifyingTask, CompletingTask, EmbeddingTask {
  private static let mask = OptionDescription.text(
    "mask", default: "", help: "a picture, white where pixels are missing; transparent pixels are as well")

  public func options(of verb: Verb) -> [OptionDescription] {
    let model = DrawStage.modelOption
    let label = OptionDescription.text("class", default: "", help: "the class; summed over P(y) unless given")
    return switch verb {
    case .score:
      [
        model, label, Self.mask,
        .text(
          "map", default: "",
          help: "a PNG file for the surprise of each pixel given those before it, black 0 to white 8 bits"),
      ]
    case .classify:
      [
        model, Self.mask,
        .number(
          "abstain-below", in: 0...1, default: 0.01,
          help: "abstain when so small a share of held-out pictures is as unusual"),
      ]
    case .complete:
      [
        model, label, Self.mask, .integer("seed", in: 0...Int.max, default: 0, help: "the seed"),
        .integer("count", in: 1...1000, default: 1, help: "how many draws"),
      ]
    case .embed: [model]
    default: []
    }
  }

  /// - Throws: `PipelineError` of kind `.usage` that names the models that can do what this one cannot.
  static func check(
    _ canDo: Bool, _ name: String, _ lack: String, _ specification: Specification,
    _ able: (ClassImageModel) -> Bool
  ) throws {
    guard !canDo else { return }
    // A model that is not trained yet can do nothing.
    let others = specification.models.filter { entry in
      entry.name != name && (try? ClassImageModel(contentsOf: entry.weights)).map(able) ?? false
    }.map(\.name)
    throw PipelineError.usage(
      "model '\(name)' \(lack)" + (others.isEmpty ? "" : "; these can: \(others.joined(separator: ", "))"))
  }

  /// - Throws: `PipelineError` of kind `.usage` for missing pixels where the model cannot sum over them.
  private static func checkMissing(
    _ input: ClassImageInput, _ model: ClassImageModel, _ name: String, _ specification: Specification
  ) throws {
    try check(
      input.known == nil || model.completer != nil, name, "cannot sum over missing pixels", specification
    ) { $0.density != nil && $0.completer != nil }
  }

  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let (name, model, _) = try Self.model(request.options, specification)
    try Self.check(model.density != nil, name, "has no density", specification) { $0.density != nil }
    let map = request.options.text("map")
    try Self.check(
      map.isEmpty || model.parts.surprise != nil, name, "has no surprise of single pixels", specification
    ) { $0.parts.surprise != nil }
    let input = try ClassImageInput(request, model)
    try Self.checkMissing(input, model, name, specification)
    let wanted = request.options.text("class")
    let label = wanted.isEmpty ? nil : try model.label(wanted)
    let labels = label.map { [$0] } ?? Array(model.description.classes.indices)
    let score = try PictureScore(input, model, labels: labels, workers: request.context.workers)
    let (nats, error) =
      label == nil ? score.total(model.description.prior) : (score.logDensities[0], score.errors[0])
    if !map.isEmpty {
      let best = score.logDensities.indices.max { score.logDensities[$0] < score.logDensities[$1] } ?? 0
      try Self.writeMap(input, model, label: labels[best], to: map)
    }
    return ScoreReport(
      input: request.name, model: name, condition: label.map { model.description.classes[$0] }, nats: nats,
      bitsPerDimension: -nats / (Double(input.knownCount) * log(2)), dimensions: input.knownCount,
      kind: score.kind.rawValue, standardError: error, evaluations: score.evaluations)
  }

  /// Bits of each pixel as a grey picture, given the class or the most probable one.
  private static func writeMap(
    _ input: ClassImageInput, _ model: ClassImageModel, label: Int, to path: String
  )
    throws
  {
    guard (path as NSString).pathExtension.lowercased() == "png" else {
      throw PipelineError.usage("--map is '\(path)', but maps are .png files")
    }
    guard let surprise = model.parts.surprise else { return }
    let data = try ChunkRunner.single {
      let given = try ClassConditioner(classes: model.description.classes)([label])
      let bits = try surprise((input.pixels.to(.float32) + 0.5) / 256, given) / log(2)
      return try Image((bits / 8).clamped(0, 1), bitDepth: 8).pngData()
    }
    try AtomicFile.write(data, to: URL(fileURLWithPath: path))
  }

  public func classify(_ request: InferenceRequest, _ specification: Specification) throws
    -> ClassificationReport
  {
    let (name, model, _) = try Self.model(request.options, specification)
    let canClassify = { (model: ClassImageModel) in model.density != nil || model.parts.classifier != nil }
    try Self.check(canClassify(model), name, "has no density to classify by", specification, canClassify)
    let input = try ClassImageInput(request, model)
    let classes = model.description.classes
    func report(_ posterior: [Double], _ typicality: Double?) -> ClassificationReport {
      ClassificationReport(
        input: request.name, model: name,
        posterior: zip(classes, posterior).map { .init(name: $0, probability: $1) }, typicality: typicality,
        abstains: typicality.map { $0 < request.options.number("abstain-below") } ?? false)
    }
    if let classifier = model.parts.classifier {
      guard input.known == nil else {
        throw PipelineError.usage(
          "model '\(name)' knows P(class | picture) alone, of whole pictures; a generative model sums over missing pixels"
        )
      }
      let posterior = try ChunkRunner.single {
        try Autograd.disabled {
          try classifier.logPosterior((input.pixels.to(.float32) + 0.5) / 256).exp().floats().map(Double.init)
        }
      }
      return report(posterior, nil)
    }
    try Self.checkMissing(input, model, name, specification)
    let score = try PictureScore(
      input, model, labels: Array(classes.indices), workers: request.context.workers)
    let total = score.total(model.description.prior).nats
    let posterior = zip(score.logDensities, model.description.prior).map { exp($0 + log($1) - total) }
    var typicality: Double?
    if input.known == nil, let calibrated = model.description.typicality {
      let saved = try total + ClassImageEvaluation.pngNats(input.pixels.select(0, 0))
      typicality = calibrated(saved / Double(model.description.dimensions))
    }
    return report(posterior, typicality)
  }

  public func complete(_ request: InferenceRequest, _ specification: Specification) throws -> DrawnFiles {
    let (name, model, weights) = try Self.model(request.options, specification)
    try Self.check(model.completer != nil, name, "cannot fill in missing pixels", specification) {
      $0.completer != nil
    }
    guard let completer = model.completer else { preconditionFailure("checked") }
    let input = try ClassImageInput(request, model)
    guard let known = input.known else {
      throw PipelineError.usage(
        "\(request.name) has no missing pixels; --mask with a picture that is white where they are would be right"
      )
    }
    let wanted = request.options.text("class")
    let count = request.options.integer("count")
    let seed = UInt64(request.options.integer("seed"))
    let conditioner = ClassConditioner(classes: model.description.classes)
    let posterior = try wanted.isEmpty ? Self.posterior(input, model, request) : nil
    let label = try wanted.isEmpty ? nil : model.label(wanted)
    // Known levels lie in the middle of their interval.
    let x = try (input.pixels.to(.float32) + 0.5) / 256
    let pictures = try ChunkRunner(workers: request.context.workers).map(count) { index -> Image in
      try request.context.checkCancelled()
      let noise = BatchNoise(seed: seed, first: index, count: 1)
      // The class of each draw comes from its posterior given what is known.
      let drawnLabel = label ?? noise.row(0, stream: "class").category(posterior ?? [])
      let given = try conditioner([drawnLabel])
      let drawn = try completer.complete(x, known: known, given: given, noise: noise).select(0, 0)
      var picture = try Image(
        (drawn.clamped(0, 1) * 256).floored().clamped(0, 255) / 255, bitDepth: 8)
      Provenance(
        task: "class-image", model: name, weightsSHA256: try Digest.sha256(of: weights),
        condition: .init(
          inputSHA256: Digest.sha256(request.input), values: ["class": model.description.classes[drawnLabel]],
          isDrawn: wanted.isEmpty),
        key: SampleKey(seed: seed, index: index), version: PipelineVersion.current,
        engine: try .current(),
        options: request.options.texts.merging(["verb": "complete"]) { $1 }
      ).write(to: &picture.metadata)
      return picture
    }
    let files = try pictures.enumerated().map { (index: $0.offset, data: try $0.element.pngData()) }
    var sheet = Image.contactSheet(pictures)
    if pictures.count > 1, let first = pictures.first { sheet.metadata.texts = first.metadata.texts }
    return DrawnFiles(single: files, together: try sheet.pngData())
  }

  /// P(y | known pixels).
  private static func posterior(
    _ input: ClassImageInput, _ model: ClassImageModel, _ request: InferenceRequest
  )
    throws -> [Double]
  {
    let score = try PictureScore(
      input, model, labels: Array(model.description.classes.indices), workers: request.context.workers)
    let total = score.total(model.description.prior).nats
    return zip(score.logDensities, model.description.prior).map { exp($0 + log($1) - total) }
  }

  public func embed(_ request: InferenceRequest, _ specification: Specification) throws -> [Float] {
    let (name, model, _) = try Self.model(request.options, specification)
    try Self.check(model.encoder != nil, name, "gives no embedding", specification) { $0.encoder != nil }
    guard let encoder = model.encoder else { preconditionFailure("checked") }
    let input = try ClassImageInput(request, model)
    guard input.known == nil else {
      throw PipelineError.data("\(request.name) has transparent pixels; a whole picture is embedded")
    }
    return try ChunkRunner.single {
      let x = try (input.pixels.to(.float32) + 0.5) / 256
      return try encoder.embed(x, given: model.unknownClass(count: 1)).select(0, 0).floats()
    }
  }
}
