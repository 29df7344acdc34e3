internal import Foundation
public import MediaIO
public import PipelineCore
internal import Torch

/// Enlarges a picture by a model: `[H, W, C]` of 8 or 16 bits to `[H · scale, W · scale, C]` of the same depth.
///
/// Grey pictures and alpha go through the network as grey RGB, and the mean of its three channels is taken. Colours
/// under full transparency do not count. A scale between those of the models is reached by the next larger ones and an
/// antialiased reduction.
public struct UpscaleStage: Stage {
  public let name = "upscale"
  /// One for each factor of the plan.
  private let passes: [Upscaler]
  let weightsSHA256: String
  private let modelName: String
  private let plan: ScalePlan
  private let device: Device
  private let options: Options
  /// What a posterior does instead of the passes.
  let drawn: DrawnEnlargement?

  static let modelOption = OptionDescription.text(
    "model", default: "fidelity", help: "the model, by its name in the specification")

  static let options: [OptionDescription] =
    [
      .number("scale", in: ScalePlan.range, default: 2, help: "how many times wider and higher"),
      modelOption,
      .choice(
        "degradation", of: Degradation.allCases.map(\.rawValue), default: "bicubic",
        help: "what made the picture small: reduction alone, or real lenses, sensors and JPEG as well"),
      .flag(
        "tta", help: "average over the eight symmetries of the square: a little better, eight times slower"),
      .flag("compare", help: "put bicubic enlargement at the left of the result"),
      .text("device", default: "cpu", help: "cpu, cuda or cuda:N"),
    ] + DrawnEnlargement.options

  /// They change nothing here, and files do not name them.
  private static let drawingOptions = Set(DrawnEnlargement.options.map(\.name))

  /// Reads the model from the specification's folder.
  static func make(_ options: Options, _ environment: StageEnvironment) throws -> UpscaleStage {
    let specification = try environment.specification(for: "upscale")
    let entry = try specification.model(named: options.text("model"))
    let device = try device(options.text("device"))
    let weights = try ScaleWeights(entry, degradation: degradation(options))
    let plan = ScalePlan(scale: options.number("scale"), available: weights.scales)
    if let drawn = try DrawnEnlargement(entry, weights, options, device) {
      return UpscaleStage(
        passes: [], weightsSHA256: try weights.sha256(plan), modelName: entry.name, plan: plan,
        device: device,
        options: options, drawn: drawn)
    }
    var byFile: [URL: Upscaler] = [:]
    let passes = try weights.passes(plan).map { pass in
      let upscaler =
        try byFile[pass.file]
        ?? Upscaler(model: SuperResolutionModel(contentsOf: pass.file, scale: pass.scale), device: device)
      byFile[pass.file] = upscaler
      return upscaler
    }
    return UpscaleStage(
      passes: passes, weightsSHA256: try weights.sha256(plan), modelName: entry.name, plan: plan,
      device: device, options: options, drawn: nil)
  }

  static func degradation(_ options: Options) -> Degradation {
    // The option's description allows no other text.
    Degradation(rawValue: options.text("degradation")) ?? .bicubic
  }

  /// - Throws: `PipelineError` of kind `.usage` for a device that is not known or not here.
  static func device(_ name: String) throws -> Device {
    do { return try Device(name) } catch { throw PipelineError.usage("\(error)") }
  }

  public func callAsFunction(_ image: Image, context: StageContext) throws -> Image {
    if let drawn { return try drawn.together(image, context: context) }
    return try ChunkRunner.single { try enlarged(image, context) }
  }

  private func enlarged(_ image: Image, _ context: StageContext) throws -> Image {
    let enlarger = enlarger(workers: context.workers)
    let progress = context.startProgress(
      "upscale",
      total: enlarger.tileCount(height: image.height, width: image.width, channels: image.channels),
      unit: "tiles")
    defer { progress.finish() }
    var samples: Image.Samples = image.bitDepth == 16 ? .uint16([]) : .uint8([])
    let bands = enlarger.bands(height: image.height, width: image.width, hasAlpha: image.channels.hasAlpha)
    for band in bands {
      let rows = bands.count == 1 ? image : image.rows(band.read)
      samples.append(
        try enlarger(rows, band) {
          progress.advance()
          try context.checkCancelled()
        })
    }
    let size = enlarger.size(height: image.height, width: image.width)
    let before = try? Provenance(image.metadata, name: "the picture")
    return Image(
      width: size.width, height: size.height, channels: image.channels, samples: samples,
      metadata: try metadata(image.metadata, inputSHA256: before?.condition?.inputSHA256))
  }

  /// From file to file, band by band: the bytes of `decode-image`, `upscale` and `encode-png`, whatever the size.
  func stream(_ input: URL, to output: AtomicFile, context: StageContext) throws {
    try ChunkRunner.single { try streamed(input, output, context) }
  }

  private func streamed(_ input: URL, _ output: AtomicFile, _ context: StageContext) throws {
    let source = try ImageRowSource(contentsOf: input)
    let enlarger = enlarger(workers: context.workers)
    let progress = context.startProgress(
      "upscale",
      total: enlarger.tileCount(height: source.height, width: source.width, channels: source.channels),
      unit: "tiles")
    defer { progress.finish() }
    let held = source.height * source.width * source.channels.count * source.bitDepth / 8
    if let reason = source.reasonHeldWhole, held > 200 << 20 {
      progress.log(
        "pipeline: \(input.relativePath) is \(reason): all of it is held in memory, \(held >> 20) MiB more than row by row"
      )
    }
    let size = enlarger.size(height: source.height, width: source.width)
    let writer = try PNGWriter(
      header: PNGHeader(
        width: size.width, height: size.height, channels: source.channels, bitDepth: source.bitDepth),
      metadata: metadata(source.metadata, inputSHA256: Digest.sha256(of: input)),
      name: output.url.relativePath
    ) { try output.write($0) }
    for band in enlarger.bands(height: source.height, width: source.width, hasAlpha: source.channels.hasAlpha)
    {
      let rows = try source.rows(band.read)
      try writer.writeRows(
        enlarger(rows, band) {
          progress.advance()
          try context.checkCancelled()
        })
    }
    try writer.finish()
  }

  private func enlarger(workers: Int) -> BandEnlarger {
    BandEnlarger(
      passes: passes.map { $0.with(workers: workers) }, plan: plan, averagesSymmetries: options.flag("tta"),
      compares: options.flag("compare"))
  }

  private func metadata(_ before: ImageMetadata, inputSHA256: String?) throws -> ImageMetadata {
    var metadata = before.enlarged(by: plan.scale)
    let engine = try Provenance.Engine.current(device: "\(device)")
    Provenance(
      task: "super-resolution", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(inputSHA256: inputSHA256), version: PipelineVersion.current, engine: engine,
      options: options.texts.filter { !Self.drawingOptions.contains($0.key) }
    ).write(to: &metadata)
    return metadata
  }
}
