internal import Conditioners
internal import Families
public import Foundation
public import MediaIO
internal import MediaTensors
public import PipelineCore
public import Torch

/// Draws pictures given captions, one a line: `a black table with 6 chairs` to a picture, or to a contact sheet of several.
///
/// Sample i of a seed and a caption is the same picture whatever is drawn beside it.
public struct DrawCaptionStage: Stage {
  public let name = "draw-caption"
  private let drawing: CheckedDrawing
  private let modelName: String
  private let weightsSHA256: String
  private let options: Options
  private let settings: Settings
  private let enlarger: PictureEnlarger?
  /// What was used besides the model's weights, as a provenance's condition has it.
  private let alsoUsed: [String: String]

  private struct Settings {
    var seed: UInt64
    var first: Int
    var count: Int
    var size: Int
    var against: String
  }

  /// Pictures drawn at a time; the last ones are filled up where libtorch chooses kernels by the batch's size.
  private static let chunk = 4
  private static let (mostPictures, lastIndex) = (10_000, 1_000_000_000)

  static let options: [OptionDescription] =
    [
      modelOption,
      .text("captions", default: "", help: "a text file of captions, one a line"),
      .text("against", default: "", help: "a negative caption: what the picture should not be of"),
      .integer("seed", in: 0...Int.max, default: 0, help: "the seed; sample i of a seed is always the same"),
      .integer("count", in: 1...mostPictures, default: 1, help: "how many of each caption"),
      .integer("first", in: 0...lastIndex, default: 0, help: "index of the first sample"),
    ] + samplerOptions + [
      CheckedDrawing.option,
      .integer(
        "size", in: 32...1024, default: 64, help: "pixels of a picture's width and height; the model draws 32"
      ),
      .integer(
        "columns", in: 0...10_000, default: 0, help: "of a contact sheet; 0 for about as many as rows"),
    ]

  static let modelOption = OptionDescription.text(
    "model", default: "scenes", help: "a model, by its name in the specification")

  static let samplerOptions: [OptionDescription] = [
    .text(
      "sampler", default: "", help: "euler, heun, ddim, ancestral or dpm-solver; the model's own unless given"
    ),
    .integer("steps", in: 0...10_000, default: 0, help: "of the sampler; 0 for the model's own"),
    .number(
      "guidance", in: -1...30, default: -1,
      help: "above 1: closer to the caption, less varied; -1 for the model's own"),
  ]

  static func make(
    _ options: Options, _ environment: StageEnvironment, _ enlarger: PictureEnlarger.Finder?
  ) throws -> DrawCaptionStage {
    let specification = try environment.specification(for: "draw-caption")
    let entry = try specification.model(named: options.text("model"))
    let checker = try CheckedDrawing.checker(
      CaptionModel.Description(contentsOf: entry.weights), options, specification)
    return try DrawCaptionStage(entry.name, entry.weights, checker, options, enlarger)
  }

  /// With a file of weights.
  /// - Parameters:
  ///   - checker: weights of what looks at the draws of scenes; nil for plain draws, which go with one try alone.
  ///   - given: options by their names; the others have their defaults.
  ///   - enlarger: for pictures larger than the model's; cubic interpolation where there is none.
  /// - Throws: `PipelineError` of kind `.usage` for options that cannot be; `FormatError` and `TensorError` for files that are
  ///   missing, broken or of another kind.
  public init(
    weights: URL, checker: URL? = nil, _ given: [String: String] = [:],
    enlarger: PictureEnlarger.Finder? = nil
  ) throws {
    let options = try Options(
      Self.options, owner: "draw-caption",
      given: Dictionary(uniqueKeysWithValues: given.map { ($0.key, .commandLine($0.key, $0.value)) }))
    try CheckedDrawing.refuseUnchecked(options, isChecked: checker != nil)
    try self.init("scenes", weights, checker, options, enlarger)
  }

  private init(
    _ name: String, _ weights: URL, _ checker: URL?, _ options: Options,
    _ enlarger: PictureEnlarger.Finder?
  ) throws {
    let checker = options.integer("tries") > 1 ? checker : nil
    drawing = try CheckedDrawing(
      CaptionModel(contentsOf: weights).drawing(by: options),
      tries: options.integer("tries"), checker: checker.map { try SceneJudge(contentsOf: $0) })
    (modelName, weightsSHA256, self.options) = (name, try Digest.sha256(of: weights), options)
    settings = Settings(
      seed: UInt64(options.integer("seed")), first: options.integer("first"),
      count: options.integer("count"), size: options.integer("size"), against: options.text("against"))
    self.enlarger = try PictureFile.enlarger(
      enlarger, side: drawing.model.description.side, size: settings.size)
    alsoUsed = try PictureFile.weights(of: self.enlarger).merging(CheckedDrawing.weights(of: checker)) { $1 }
  }

  public func callAsFunction(_ text: String, context: StageContext) throws -> Image {
    let draws = try draws(text, context)
    return try together(draws, pictures(draws, context), text)
  }

  /// Every draw as a file of its own: the bytes of its caption with `--count 1 --first i`.
  func files(_ text: String, context: StageContext) throws -> DrawnFiles {
    let draws = try draws(text, context)
    let pictures = try pictures(draws, context)
    return DrawnFiles(
      single: try zip(draws, pictures).enumerated().map {
        (index: $0.offset + settings.first, data: try alone($0.element.0, $0.element.1).pngData())
      },
      together: try together(draws, pictures, text).pngData())
  }

  private func pictures(_ draws: [Draw], _ context: StageContext) throws -> [Image] {
    try ChunkRunner(workers: context.workers).map(draws.count) { index in
      try context.checkCancelled()
      return try PictureFile.image(draws[index].pixels, size: settings.size, enlarger, context)
    }
  }

  /// The pictures of captions, one a line, each `[C, side, side]` over 0…1.
  public func pictures(_ text: String, workers: Int) throws -> [Tensor] {
    try draws(text, StageContext(workers: workers)).map(\.pixels)
  }

  struct Draw {
    let index: Int
    let caption: AskedCaption
    /// Whether the caption was drawn from P(caption).
    let isDrawn: Bool
    /// `[C, H, W]` over 0…1.
    let pixels: Tensor
    /// What it looks like, where that is not what was asked for.
    let doubt: String?
  }

  /// The captions that are asked for; nil where none is.
  private func captions(_ text: String) throws -> [String]? {
    let file = options.text("captions")
    guard !file.isEmpty else { return AskedCaption.lines(of: text) }
    guard AskedCaption.lines(of: text) == nil else {
      throw PipelineError.usage("a caption is given, and --captions as well; one of them would be right")
    }
    let data = try FileBytes.read(URL(fileURLWithPath: file))
    guard let lines = AskedCaption.lines(of: try String(pipe: data, name: file)) else {
      throw PipelineError.data("\(file) holds no caption; one a line would be right")
    }
    return lines
  }

  func draws(_ text: String, _ context: StageContext) throws -> [Draw] {
    let (model, asked) = (drawing.model, try captions(text))
    let (first, count) = (settings.first, settings.count)
    // Each can be asked for by its own index.
    guard first + count - 1 <= Self.lastIndex else {
      throw PipelineError.usage(
        "--first is \(first) and --count is \(count); the last sample's index is at most \(Self.lastIndex)")
    }
    let total = (asked?.count ?? 1) * count
    guard total <= Self.mostPictures else {
      throw PipelineError.usage(
        "\(asked?.count ?? 1) captions × \(count) are \(total) pictures; at most \(Self.mostPictures) at a time would be right"
      )
    }
    let known = asked?.map { AskedCaption($0, for: model.description) }
    let against =
      settings.against.isEmpty ? nil : AskedCaption(settings.against, for: model.description, isWhole: false)
    let places = (0..<total).map { place -> (index: Int, caption: AskedCaption) in
      let index = first + place % count
      return (
        index,
        known?[place / count]
          ?? AskedCaption(
            AskedCaption.drawn(
              KeyedNoise(seed: settings.seed, sample: UInt64(index), step: 0, stream: "caption"),
              of: model.description.captions), for: model.description)
      )
    }
    let progress = context.startProgress("draw", total: total, unit: "pictures")
    defer { progress.finish() }
    for notice in ((known ?? []) + [against].compactMap { $0 }).flatMap(\.notices).prefix(20) {
      progress.log("pipeline: \(notice)")
    }
    let seed = settings.seed
    // As many chunks as there are threads, where a picture is the same beside any others.
    let chunk = model.drawsInAnyNumber ? max(1, min(Self.chunk, total / context.workers)) : Self.chunk
    let chunks = (total + chunk - 1) / chunk
    let parts = try ChunkRunner(workers: context.workers).map(chunks) { part -> [CheckedDrawing.Drawn] in
      try context.checkCancelled()
      let size = model.drawsInAnyNumber ? min(chunk, total - part * chunk) : chunk
      let rows = (0..<size).map { places[min(part * chunk + $0, total - 1)] }
      let noise = BatchNoise(seed: seed, samples: rows.map { UInt64($0.index) }, firstStep: 0)
      let drawn = try drawing(
        rows.map(\.caption), against: against?.words, noise: noise, threads: context.workers / chunks,
        beforeEach: context.checkCancelled)
      let used = min(chunk, total - part * chunk)
      progress.advance(by: used)
      return Array(drawn.prefix(used))
    }
    let drawn = parts.flatMap { $0 }
    let doubts = zip(places, drawn).compactMap { doubt($0.index, $0.caption, $1) }
    for line in doubts.prefix(20) { progress.log("pipeline: \(line)") }
    if doubts.count > 20 { progress.log("pipeline: and \(doubts.count - 20) more") }
    return zip(places, drawn).map {
      Draw(
        index: $0.index, caption: $0.caption, isDrawn: known == nil, pixels: $1.pixels,
        doubt: $1.seen.map { SceneCaptions.canonical($0) })
    }
  }

  /// What has to be said of a sample that never passed.
  private func doubt(_ index: Int, _ caption: AskedCaption, _ drawn: CheckedDrawing.Drawn) -> String? {
    drawn.seen.map {
      "none of \(drawn.tries) draws of sample \(index) of '\(caption.text)' seems to be as asked; the first is kept, "
        + "which looks like '\(SceneCaptions.canonical($0))'"
    }
  }

  private func together(_ draws: [Draw], _ pictures: [Image], _ text: String) throws -> Image {
    guard draws.count > 1 else { return try alone(draws[0], pictures[0]) }
    let columns = options.integer("columns")
    var sheet = Image.contactSheet(pictures, columns: columns == 0 ? nil : columns)
    let captions = draws.map(\.caption.text)
    let shown = Set(captions).count == 1 ? captions[0] : captions.joined(separator: "\n")
    // Each caption once, in place of the file that they may have come from.
    let asked = draws[0].isDrawn ? "" : try self.captions(text)?.joined(separator: "\n") ?? ""
    var texts = options.texts
    texts["captions"] = ""
    try provenance(asked, shown, doubt: nil, isDrawn: draws[0].isDrawn, key: nil, options: texts)
      .write(to: &sheet.metadata)
    return sheet
  }

  private func alone(_ draw: Draw, _ picture: Image) throws -> Image {
    var (picture, texts) = (picture, options.texts)
    texts["count"] = "1"
    texts["first"] = "\(draw.index)"
    texts["columns"] = "0"
    texts["captions"] = ""
    try provenance(
      draw.isDrawn ? "" : draw.caption.text, draw.caption.text, doubt: draw.doubt, isDrawn: draw.isDrawn,
      key: SampleKey(seed: settings.seed, index: draw.index), options: texts
    ).write(to: &picture.metadata)
    return picture
  }

  private func provenance(
    _ text: String, _ caption: String, doubt: String?, isDrawn: Bool, key: SampleKey?,
    options: [String: String]
  ) throws -> Provenance {
    var options = options
    // What was not checked is not to be checked when it is made again.
    options["tries"] = "\(drawing.tries)"
    let values = ["caption": caption, "the checker sees": doubt].compactMapValues { $0 }
      .merging(alsoUsed) { $1 }
    return Provenance(
      task: "text-to-image", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(text: text, values: values, isDrawn: isDrawn), key: key,
      version: PipelineVersion.current, engine: try .current(), options: options)
  }
}
