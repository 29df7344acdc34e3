public import Foundation

/// `pipelines/<task>/pipeline.yaml`: what a task runs, with which model, and how that was trained.
///
///     task: super-resolution
///     version: 1
///     summary: Enlarges pictures
///     defaults: {model: photo, seed: 0, count: 1, chunk: 4}
///     models:
///       photo: {weights: photo.safetensors, description: for photographs}
///     stages:
///       - decode-image
///       - upscale: {scale: 2}
///       - encode-png
///     sampler: {name: heun, steps: 20}
///     training: {…}
///
/// `sampler`, `training` and a model's `options` belong to the task, which decodes them strictly
/// (`YAMLValue.decode`). `defaults` also takes the task's own options. Any other key is an error.
public struct Specification: Sendable {
  public struct Model: Sendable {
    public let name: String
    /// The `.safetensors` file beside the specification.
    public let weights: URL
    public let description: String?
    /// Samples per chunk where this model wants another number than the defaults say.
    public let chunk: Int?
    public let options: YAMLValue?
    public let place: YAMLValue.Place
  }

  public struct StageEntry: Sendable {
    public let name: String
    public let options: [String: GivenOption]
    public let place: YAMLValue.Place
  }

  /// The folder that the specification and the weights lie in.
  public let folder: URL
  public let task: String
  /// Counts up when the same input would give other bytes.
  public let version: Int
  public let summary: String
  /// Options that hold for every stage and verb unless given; by name.
  public let defaults: [String: GivenOption]
  /// In the order of the file.
  public let models: [Model]
  public let stages: [StageEntry]
  public let sampler: YAMLValue?
  public let training: YAMLValue?

  /// What every task's defaults may hold.
  public static let commonOptions: [OptionDescription] = [
    .text("model", default: nil, help: "the model, by its name in the specification"),
    .integer("seed", in: 0...Int.max, default: 0, help: "the seed; sample i of a seed is always the same"),
    .integer("count", in: 1...1_000_000, default: 1, help: "how many samples"),
    .integer("chunk", in: 1...4096, default: 1, help: "samples that are worked on together"),
  ]

  /// The model of `score`, `classify`, `complete` and `embed`, where that is another than the one of `run`.
  private static let scoringModel = OptionDescription.text(
    "scoring-model", default: "", help: "the model of score, classify, complete and embed")

  /// The defaults of `score`, `classify`, `complete` and `embed`.
  public var scoringDefaults: [String: GivenOption] {
    var all = defaults
    if let model = all.removeValue(forKey: Self.scoringModel.name) { all["model"] = model }
    return all
  }

  /// - Parameter options: of the task, beside the common ones; the keys that `defaults` may hold.
  /// - Throws: `PipelineError` of kind `.usage` that names the file and the line.
  public init(contentsOf file: URL, options: [OptionDescription] = []) throws {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw PipelineError.usage("the specification \(file.path) cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw PipelineError.usage("\(file.path) is not UTF-8")
    }
    try self.init(
      parsing: text, file: file.lastPathComponent, folder: file.deletingLastPathComponent(), options: options)
  }

  /// - Parameter file: how messages name the source.
  public init(parsing text: String, file: String, folder: URL, options: [OptionDescription] = []) throws {
    let reader = try YAMLReader(try YAMLValue(parsing: text, file: file), of: "the specification")
    self.folder = folder
    task = try reader.require("task")
    version = try reader.optional("version", in: 1...Int.max) ?? reader.require("version")
    summary = try reader.require("summary")
    models = try Self.models(reader.entry("models")?.value, folder)
    defaults = try Self.defaults(
      reader.entry("defaults")?.value, Self.commonOptions + [Self.scoringModel] + options, models)
    stages = try Self.stages(reader.require("stages"))
    sampler = try reader.optional("sampler")
    training = try reader.optional("training")
    try reader.finish()
  }

  /// The model of that name, or the default one.
  /// - Throws: `PipelineError` that names the nearest model and lists all.
  public func model(named name: String? = nil) throws -> Model {
    guard let wanted = name ?? defaults["model"]?.value ?? (models.count == 1 ? models[0].name : nil) else {
      throw PipelineError.usage(
        models.isEmpty
          ? "task '\(task)' has no model"
          : "task '\(task)' has no default model; choose one of \(models.map(\.name).joined(separator: ", "))"
      )
    }
    return try Self.model(wanted, models)
  }

  private static func model(_ name: String, _ models: [Model]) throws -> Model {
    guard let model = models.first(where: { $0.name == name }) else {
      throw PipelineError.usage(NearestName.unknown("model", name, known: models.map(\.name), listing: true))
    }
    return model
  }

  private static func models(_ value: YAMLValue?, _ folder: URL) throws -> [Model] {
    guard let value else { return [] }
    let table = try YAMLReader(value, of: "'models'")
    return try table.keys.compactMap(table.entry).map { entry in
      let reader = try YAMLReader(entry.value, of: "model '\(entry.key)'")
      let weights: String = try reader.require("weights")
      // A specification from a stranger names files beside itself, not the reader's own.
      guard !weights.hasPrefix("/"), !weights.split(separator: "/").contains("..") else {
        throw PipelineError.usage(
          "\(reader.entry("weights")?.place ?? entry.place): 'weights' is '\(weights)'; "
            + "a file beside the specification would be right")
      }
      let model = Model(
        name: entry.key, weights: folder.appendingPathComponent(weights),
        description: try reader.optional("description"), chunk: try reader.optional("chunk", in: 1...4096),
        options: try reader.optional("options"), place: entry.place)
      try reader.finish()
      return model
    }
  }

  private static func defaults(_ value: YAMLValue?, _ descriptions: [OptionDescription], _ models: [Model])
    throws
    -> [String: GivenOption]
  {
    guard let value else { return [:] }
    let reader = try YAMLReader(value, of: "'defaults'")
    var defaults: [String: GivenOption] = [:]
    for description in descriptions {
      guard let entry = reader.entry(description.name) else { continue }
      let option = try Self.option(entry)
      _ = try description.parse(option.value, place: option.place)
      defaults[description.name] = option
    }
    try reader.finish()
    for option in [defaults["model"], defaults[scoringModel.name]].compactMap({ $0 }) {
      do { _ = try model(option.value, models) } catch let error as PipelineError {
        throw PipelineError.usage("\(option.place): \(error)")
      }
    }
    return defaults
  }

  private static func stages(_ value: YAMLValue) throws -> [StageEntry] {
    guard case .sequence(let items) = value.content, !items.isEmpty else {
      throw PipelineError.usage(
        "\(value.place): 'stages' is \(value.phrase); a list of stages would be right")
    }
    return try items.map { item in
      if let name = String(yaml: item) { return StageEntry(name: name, options: [:], place: item.place) }
      guard case .mapping(let entries) = item.content, entries.count == 1 else {
        throw PipelineError.usage(
          "\(item.place): a stage is \(item.phrase); '- name' or '- name: {option: value}' would be right")
      }
      let reader = try YAMLReader(entries[0].value, of: "stage '\(entries[0].key)'")
      let options = try reader.keys.compactMap(reader.entry).map { ($0.key, try Self.option($0)) }
      return StageEntry(
        name: entries[0].key, options: Dictionary(uniqueKeysWithValues: options), place: entries[0].place)
    }
  }

  private static func option(_ entry: YAMLValue.Entry) throws -> GivenOption {
    let place = "\(entry.place): '\(entry.key)'"
    return GivenOption(try entry.value.read("'\(entry.key)'", as: String.self), place: place)
  }
}
