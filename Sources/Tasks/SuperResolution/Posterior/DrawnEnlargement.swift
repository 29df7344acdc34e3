internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// What `upscale` does by a posterior: draws of what a picture may have been, each made to agree with it.
///
/// Grey pictures go through the networks as grey RGB, and the mean of the three channels is taken; alpha is enlarged by the
/// point estimate. All of a picture is held in memory.
struct DrawnEnlargement: Sendable {
  private let drawing: PosteriorDrawing
  private let modelName: String
  private let weightsSHA256: String
  private let device: Device
  private let options: Options

  private static let lastIndex = 1_000_000_000

  static let options: [OptionDescription] = [
    .integer(
      "seed", in: 0...Int.max, default: 0,
      help: "of a posterior: the seed; sample i of a seed is always the same"),
    .integer("count", in: 1...1000, default: 1, help: "of a posterior: how many draws"),
    .integer("first", in: 0...lastIndex, default: 0, help: "of a posterior: index of the first draw"),
    .text(
      "summary", default: "",
      help: "of a posterior: a folder for the draws, their mean, their spread and summary.json"),
    .text(
      "truth", default: "",
      help: "with --summary: the picture that the input was reduced from, for the coverage of intervals"),
  ]

  /// - Returns: nil for a point estimate.
  /// - Throws: `PipelineError` of kind `.usage` for options that go with the other kind of model.
  init?(_ entry: Specification.Model, _ weights: ScaleWeights, _ options: Options, _ device: Device) throws {
    guard weights.mean != nil else {
      guard options.text("summary").isEmpty else {
        throw PipelineError.usage(
          "--summary is of draws, but model '\(entry.name)' gives one picture; a posterior would be right")
      }
      return nil
    }
    let scale = weights.own
    guard options.number("scale") == Double(scale) else {
      throw PipelineError.usage(
        "--scale is \(Self.text(options.number("scale"))), but model '\(entry.name)' draws at ×\(scale); --scale \(scale) would be right"
      )
    }
    for flag in ["tta", "compare"] where options.flag(flag) {
      throw PipelineError.usage(
        "--\(flag) is for models that give one picture; without it model '\(entry.name)' would be right")
    }
    let (first, count) = (options.integer("first"), options.integer("count"))
    guard first + count - 1 <= Self.lastIndex else {
      throw PipelineError.usage(
        "--first is \(first) and --count is \(count); the last sample's index is at most \(Self.lastIndex)")
    }
    guard options.text("truth").isEmpty || !options.text("summary").isEmpty else {
      throw PipelineError.usage("--truth is for --summary, whose intervals it is held against")
    }
    guard options.text("summary").isEmpty || count > 1 else {
      throw PipelineError.usage("--summary is of several draws; --count 8 would be right")
    }
    // On a busy machine libtorch's own threads wait for one another longer than the few weights take.
    drawing = try ChunkRunner.single {
      try PosteriorDrawing(entry, weights, scale: scale, device: device)
    }
    modelName = entry.name
    weightsSHA256 = try weights.sha256(ScalePlan(scale: Double(scale), available: [scale]))
    (self.device, self.options) = (device, options)
  }

  private static func text(_ number: Double) -> String { Int(exactly: number).map { "\($0)" } ?? "\(number)" }

  private struct Draw: Sendable {
    let index: Int
    let picture: Image
    /// dB.
    let consistency: Double
  }

  /// The draws on one sheet; the draw itself where there is one.
  func together(_ image: Image, context: StageContext) throws -> Image {
    try together(draws(image, context), image, inputSHA256: Self.inputSHA256(image))
  }

  /// Every draw as a file of its own: the bytes of `--count 1 --first i`.
  func files(_ data: Data, context: StageContext) throws -> DrawnFiles {
    let image = try Image(decoding: data, name: context.source)
    let inputSHA256 = Digest.sha256(data)
    let draws = try draws(image, context)
    return DrawnFiles(
      single: try draws.map { draw in
        (index: draw.index, data: try alone(draw, image, inputSHA256: inputSHA256).pngData())
      }, together: try together(draws, image, inputSHA256: inputSHA256).pngData())
  }

  private static func inputSHA256(_ image: Image) -> String? {
    (try? Provenance(image.metadata, name: "the picture"))?.condition?.inputSHA256
  }

  private func together(_ draws: [Draw], _ image: Image, inputSHA256: String?) throws -> Image {
    guard draws.count > 1 else { return try alone(draws[0], image, inputSHA256: inputSHA256) }
    var sheet = Image.contactSheet(draws.map(\.picture))
    sheet.metadata = try metadata(image, inputSHA256, key: nil, options: options.texts)
    return sheet
  }

  private func alone(_ draw: Draw, _ image: Image, inputSHA256: String?) throws -> Image {
    var picture = draw.picture
    var texts = options.texts
    texts["count"] = "1"
    texts["first"] = "\(draw.index)"
    picture.metadata = try metadata(
      image, inputSHA256, key: SampleKey(seed: seed, index: draw.index), options: texts)
    return picture
  }

  private var seed: UInt64 { UInt64(options.integer("seed")) }

  private func metadata(
    _ image: Image, _ inputSHA256: String?, key: SampleKey?, options: [String: String]
  ) throws -> ImageMetadata {
    var metadata = image.metadata.enlarged(by: Double(drawing.scale))
    // Where the summary lies, and what it says of them, changes no draw.
    let texts = options.filter { !["summary", "truth"].contains($0.key) }
    Provenance(
      task: "super-resolution", model: modelName, weightsSHA256: weightsSHA256,
      condition: .init(inputSHA256: inputSHA256), key: key, version: PipelineVersion.current,
      engine: try .current(device: "\(device)"), options: texts
    ).write(to: &metadata)
    return metadata
  }

  private func draws(_ image: Image, _ context: StageContext) throws -> [Draw] {
    try ChunkRunner.single {
      let target =
        try options.text("summary").isEmpty ? nil : PosteriorSummary.Folder(options.text("summary"))
      let truth = try truth(of: image)
      let draws = try draws(of: image, context)
      try target?.write(
        PosteriorSummary(
          draws: draws.map { .init(index: $0.index, picture: $0.picture, consistency: $0.consistency) },
          model: modelName, seed: seed, truth: truth))
      return draws
    }
  }

  /// The colours of what `--truth` names, `[C, H · scale, W · scale]` over 0…1.
  private func truth(of image: Image) throws -> Tensor? {
    let path = options.text("truth")
    guard !path.isEmpty else { return nil }
    let truth = try Image(contentsOf: URL(fileURLWithPath: path))
    let (width, height) = (image.width * drawing.scale, image.height * drawing.scale)
    guard truth.width == width, truth.height == height, truth.channels.isColour == image.channels.isColour
    else {
      throw PipelineError.data(
        "\(path) is \(truth.width)×\(truth.height) \(truth.channels); \(width)×\(height) "
          + "\(image.channels.isColour ? "in colour" : "in grey") would be right, as the input is")
    }
    return try truth.tensor().narrow(0, start: 0, length: image.channels.isColour ? 3 : 1)
  }

  private func draws(of image: Image, _ context: StageContext) throws -> [Draw] {
    let picture = try image.tensor()
    let colours = image.channels.isColour ? 3 : 1
    let (first, count) = (options.integer("first"), options.integer("count"))
    var low = try picture.narrow(0, start: 0, length: colours)
    let tiles = drawing.tileCounts(height: image.height, width: image.width)
    let progress = context.startProgress(
      "upscale", total: tiles.mean * (image.channels.hasAlpha ? 2 : 1) + tiles.draw * count, unit: "tiles")
    defer { progress.finish() }
    let afterTile: @Sendable () throws -> Void = {
      progress.advance()
      try context.checkCancelled()
    }
    var alpha: Tensor?
    if image.channels.hasAlpha {
      let plane = try picture.narrow(0, start: colours, length: 1)
      low = try TransparentColour.filled(
        low, alpha: plane, radius: drawing.mean.model.network.receptiveRadius)
      alpha = try drawing.mean.with(workers: context.workers)(plane.repeatInterleave(3, axis: 0)) { _, _ in
        try afterTile()
      }.mean([0], keepAxes: true)
    }
    let colour = try colours == 1 ? low.repeatInterleave(3, axis: 0) : low.contiguous()
    let space = try drawing.space(of: colour, workers: context.workers, afterTile: afterTile)
    let (given, opacity) = (low, alpha)
    // Several draws keep the cores busy while one of them does what is no network's work.
    let atOnce = min(count, context.workers)
    let draws = try ChunkRunner(workers: atOnce).map(count) { place -> Draw in
      var drawn = try drawing(
        space, seed: seed, index: first + place, workers: context.workers / atOnce, afterTile: afterTile)
      if colours == 1 { drawn = try drawn.mean([0], keepAxes: true) }
      drawn = try ConsistencyProjection.project(drawn, low: given)
      let consistency = try ConsistencyProjection.consistency(of: drawn, low: given, scale: drawing.scale)
      if let opacity { drawn = try Tensor.cat([drawn, opacity], axis: 0) }
      return Draw(
        index: first + place, picture: try Image(drawn, bitDepth: image.bitDepth), consistency: consistency)
    }
    return draws
  }
}
