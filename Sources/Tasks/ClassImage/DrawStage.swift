internal import Conditioners
internal import Families
internal import Foundation
public import MediaIO
internal import MediaTensors
public import PipelineCore
internal import Torch

/// Draws pictures given a class: `sneaker` to a picture, or to a contact sheet of several.
///
/// Sample i of a seed is the same picture whatever is drawn beside it.
public struct DrawStage: Stage {
  public let name = "draw-class-image"
  private let model: ClassImageModel
  private let modelName: String
  private let weightsSHA256: String
  private let chunk: Int
  private let options: Options

  private static let lastIndex = 1_000_000_000

  static let options: [OptionDescription] = [
    modelOption,
    .text("class", default: "", help: "what to draw; drawn from P(y) unless given"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; sample i of a seed is always the same"),
    .integer("count", in: 1...10_000, default: 1, help: "how many"),
    .integer("first", in: 0...lastIndex, default: 0, help: "index of the first sample"),
    .text(
      "sampler", default: "", help: "euler, heun, ddim, ancestral or dpm-solver; the model's own unless given"
    ),
    .integer("steps", in: 0...10_000, default: 0, help: "of the sampler; 0 for the model's own"),
    .number(
      "guidance", in: -1...30, default: -1,
      help: "above 1: more typical of the class, less varied; -1 for the model's own"),
    .text(
      "interpolate", default: "",
      help: "A B: walk from the picture A to the picture B, of models that map pictures to noise"),
    .integer("columns", in: 0...10_000, default: 0, help: "of a contact sheet; 0 for about as many as rows"),
  ]

  static let modelOption = OptionDescription.text(
    "model", default: "diffusion", help: "the family, by its name in the specification")

  static func make(_ options: Options, _ environment: StageEnvironment) throws -> DrawStage {
    let specification = try environment.specification(for: "draw-class-image")
    let entry = try specification.model(named: options.text("model"))
    let model = try sampling(ClassImageModel(contentsOf: entry.weights), entry.name, options)
    try ClassImage.check(model.sampler != nil, entry.name, "cannot draw", specification) { $0.sampler != nil }
    try ClassImage.check(
      options.text("interpolate").isEmpty || model.parts.inverter != nil, entry.name,
      "does not map pictures to noise", specification
    ) { $0.parts.inverter != nil }
    return DrawStage(
      model: model, modelName: entry.name,
      weightsSHA256: try Digest.sha256(of: entry.weights),
      chunk: entry.chunk ?? specification.defaults["chunk"].flatMap { Int($0.value) } ?? 16, options: options)
  }

  /// The model with the options' sampler.
  /// - Throws: `PipelineError` of kind `.usage` for an unknown sampler, or a model that has none.
  static func sampling(_ model: ClassImageModel, _ name: String, _ options: Options) throws
    -> ClassImageModel
  {
    let sampler = try options.choice("sampler", of: DiffusionFamily.SamplerSettings.Name.self)
    let changed = model.drawing { settings in
      if let sampler { settings.name = sampler }
      if options.integer("steps") > 0 { settings.steps = options.integer("steps") }
      if options.number("guidance") >= 0 { settings.guidance = options.number("guidance") }
    }
    if let changed { return changed }
    guard sampler == nil, options.integer("steps") == 0, options.number("guidance") < 0
    else {
      throw PipelineError.usage(
        "model '\(name)' draws at once: it has no --sampler, --steps and --guidance")
    }
    return model
  }

  public func callAsFunction(_ text: String, context: StageContext) throws -> Image {
    try together(draws(text, context: context), text)
  }

  private func together(_ draws: [Draw], _ text: String) throws -> Image {
    guard draws.count > 1 else { return try picture(draws[0], text, alone: true) }
    let columns = options.integer("columns")
    var sheet = Image.contactSheet(
      try draws.map { try picture($0, text, alone: false) }, columns: columns == 0 ? nil : columns)
    let names = draws.map { model.description.classes[$0.label] }
    try provenance(
      text, Set(names).count == 1 ? names[0] : names.joined(separator: " "), isDrawn: draws[0].isDrawn,
      key: nil, options: options.texts
    ).write(to: &sheet.metadata)
    return sheet
  }

  /// Every draw as a file of its own: the bytes of `--count 1 --first i`.
  func files(_ text: String, context: StageContext) throws -> DrawnFiles {
    let draws = try draws(text, context: context)
    let single = try draws.map { (index: $0.index, data: try picture($0, text, alone: true).pngData()) }
    return DrawnFiles(single: single, together: try together(draws, text).pngData())
  }

  private struct Draw {
    let index: Int
    let label: Int
    /// Whether the class was drawn from P(y).
    let isDrawn: Bool
    /// `[C, H, W]` over 0…1.
    let pixels: Tensor
  }

  private func draws(_ text: String, context: StageContext) throws -> [Draw] {
    if !options.text("interpolate").isEmpty { return try walk(text, context) }
    let wanted = try label(text)
    let first = options.integer("first")
    let count = options.integer("count")
    // Each can be asked for by its own index.
    guard first + count - 1 <= Self.lastIndex else {
      throw PipelineError.usage(
        "--first is \(first) and --count is \(count); the last sample's index is at most \(Self.lastIndex)")
    }
    let seed = UInt64(options.integer("seed"))
    let model = model
    let chunk = model.drawnTogether(count, workers: context.workers, chunk: chunk)
    let chunks = (count + chunk - 1) / chunk
    guard let sampler = model.sampler(threads: context.workers / chunks) else {
      preconditionFailure("checked")
    }
    let progress = context.startProgress("draw", total: count, unit: "pictures")
    defer { progress.finish() }
    let parts = try ChunkRunner(workers: context.workers).map(chunks) { index -> [Draw] in
      try context.checkCancelled()
      let start = first + index * chunk
      let used = min(chunk, first + count - start)
      // The last chunk is padded where kernels are chosen by the batch's size.
      let size = model.parts.drawsInAnyNumber ? used : chunk
      let noise = BatchNoise(seed: seed, first: start, count: size)
      let labels = (0..<size).map { row in
        wanted ?? noise.row(row, stream: "class").category(model.description.prior)
      }
      let given = try ClassConditioner(classes: model.description.classes)(labels)
      let x = try sampler.sample(given: given, noise: noise)
      progress.advance(by: used)
      return try (0..<used).map { row in
        Draw(
          index: start + row, label: labels[row], isDrawn: wanted == nil, pixels: try x.select(0, row))
      }
    }
    return parts.flatMap { $0 }
  }

  /// The pictures between that of `--interpolate` and that which `text` names.
  private func walk(_ text: String, _ context: StageContext) throws -> [Draw] {
    guard let inverter = model.parts.inverter else { preconditionFailure("checked") }
    let names = [options.text("interpolate"), text]
    guard !text.isEmpty else {
      throw PipelineError.usage(
        "--interpolate has one picture; two would be right: --interpolate A.png B.png")
    }
    let pictures = try names.map { name in
      let data = try FileBytes.read(URL(fileURLWithPath: name))
      return try ClassImageInput(data, name, model)
    }
    for (name, picture) in zip(names, pictures) where picture.known != nil {
      throw PipelineError.data("\(name) has missing pixels; whole pictures are walked between")
    }
    let wanted = options.text("class")
    let labels = try pictures.map {
      try wanted.isEmpty ? likeliestClass(of: $0, context) : model.label(wanted)
    }
    let count = options.integer("count") == 1 ? 8 : options.integer("count")
    let steps = try Interpolation(model: model, inverter: inverter)(
      (pictures[0].pixels, pictures[1].pixels), labels: (labels[0], labels[1]), count: count,
      workers: context.workers)
    return steps.enumerated().map { index, pixels in
      Draw(index: index, label: labels[2 * index < count ? 0 : 1], isDrawn: false, pixels: pixels)
    }
  }

  private func likeliestClass(of picture: ClassImageInput, _ context: StageContext) throws -> Int {
    let classes = model.description.classes.indices
    let score = try PictureScore(picture, model, labels: Array(classes), workers: context.workers)
    return classes.max { score.logDensities[$0] < score.logDensities[$1] } ?? 0
  }

  /// The class that the option or the text asks for; nil where neither does.
  private func label(_ text: String) throws -> Int? {
    let names = [options.text("class"), text.trimmingCharacters(in: .whitespacesAndNewlines)]
      .filter { !$0.isEmpty }
    guard let name = names.first else { return nil }
    guard names.allSatisfy({ $0 == name }) else {
      throw PipelineError.usage(
        "--class is '\(name)', but '\(names[1])' was given as well; one would be right")
    }
    return try model.label(name)
  }

  private func picture(_ draw: Draw, _ text: String, alone: Bool) throws -> Image {
    // Level v lies in v/256 … (v + 1)/256.
    let levels = try ((draw.pixels.clamped(0, 1) * 256).floored().clamped(0, 255)) / 255
    var picture = try Image(levels, bitDepth: 8)
    guard alone else { return picture }
    var texts = options.texts
    texts["count"] = "1"
    texts["first"] = "\(draw.index)"
    texts["columns"] = "0"
    try provenance(
      text, model.description.classes[draw.label], isDrawn: draw.isDrawn,
      key: SampleKey(seed: UInt64(options.integer("seed")), index: draw.index), options: texts
    ).write(to: &picture.metadata)
    return picture
  }

  private func provenance(
    _ text: String, _ drawn: String, isDrawn: Bool, key: SampleKey?, options: [String: String]
  ) throws -> Provenance {
    var options = options
    // The other picture is a path, which a replay could not check.
    if !self.options.text("interpolate").isEmpty { options["verb"] = "run --interpolate" }
    return Provenance(
      task: "class-image", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(text: text, values: ["class": drawn], isDrawn: isDrawn), key: key,
      version: PipelineVersion.current,
      engine: try .current(),
      options: options)
  }
}

extension ClassImageModel {
  /// The index of a class.
  /// - Throws: `PipelineError` of kind `.usage` that names the nearest one and lists all.
  func label(_ name: String) throws -> Int {
    guard let label = description.classes.firstIndex(of: name) else {
      throw PipelineError.usage(
        NearestName.unknown("class", name, known: description.classes, listing: true))
    }
    return label
  }
}
